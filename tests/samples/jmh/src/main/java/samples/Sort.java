package samples;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.*;

/** Small benchmarks in each mode that JMH has. */
@State(Scope.Thread)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class Sort {
  @Param({"10", "100"})
  public int size;

  @Benchmark
  @BenchmarkMode({Mode.Throughput, Mode.AverageTime, Mode.SampleTime, Mode.SingleShotTime})
  public int[] sort() {
    int[] numbers = new int[size];
    for (int i = 0; i < size; i++) numbers[i] = size - i;
    Arrays.sort(numbers);
    return numbers;
  }
}
