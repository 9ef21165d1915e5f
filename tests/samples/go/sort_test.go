// Package samples has benchmarks for every kind of line that `go test -bench` prints.
package samples

import (
	"fmt"
	"sort"
	"testing"
)

// Several metrics, and sub-benchmarks with and without keys.
func BenchmarkSort(b *testing.B) {
	for _, size := range []int{10, 1000} {
		b.Run(fmt.Sprintf("size=%d/ints", size), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(8 * size))
			for i := 0; i < b.N; i++ {
				numbers := make([]int, size)
				for j := range numbers {
					numbers[j] = size - j
				}
				sort.Ints(numbers)
			}
			b.ReportMetric(float64(size), "p99-ns")
			b.ReportMetric(2.5, "hits/op")
		})
	}
}

// What it prints parts its line.
func BenchmarkPrints(b *testing.B) {
	fmt.Println("a line that the benchmark prints")
	for i := 0; i < b.N; i++ {
	}
}

func BenchmarkLogs(b *testing.B) {
	b.Log("a line of its log")
	for i := 0; i < b.N; i++ {
	}
}

func BenchmarkFails(b *testing.B) {
	b.Run("inner", func(b *testing.B) { b.Fatal("no input") })
}

func BenchmarkSkips(b *testing.B) { b.Skip("no GPU here") }
