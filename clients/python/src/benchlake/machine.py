"""What a result says of the machine, found as `benchlake submit` finds it: the same machine gives the
same hardware, whoever asks."""
from __future__ import annotations

import os
import pathlib
import platform
import re
from typing import Any, Dict, List, Optional

GIBIBYTE = 1 << 30


def detect_machine(name: Optional[str] = None) -> Dict[str, Any]:
    """machine_info of this machine; what is unknown is 0 or empty. `name` instead of the host's: results of machines
    that come and go are comparable under one name."""
    processors = _cpu_rows()
    cores = {(row.get("physical id", ""), row["core id"]) for row in processors if "core id" in row}
    threads = len(processors) or os.cpu_count() or 0
    gpus = _gpu_names()
    return {
        "name": name or platform.node(),
        "architecture_name": platform.machine(),
        "kernel_name": platform.release(),
        "os_name": platform.system(),
        "os_version": platform.version(),
        "cpu_model_name": next((row["model name"] for row in processors if "model name" in row), ""),
        "cpu_l1d_cache_bytes": _cache_bytes("1", "Data"),
        "cpu_l1i_cache_bytes": _cache_bytes("1", "Instruction"),
        "cpu_l2_cache_bytes": _cache_bytes("2", "Unified"),
        "cpu_l3_cache_bytes": _cache_bytes("3", "Unified"),
        "cpu_core_count": len(cores) or threads,
        "cpu_thread_count": threads,
        "cpu_frequency_max_hz": _integer(_text("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq")) * 1000,
        "memory_bytes": _memory_bytes(),
        "gpu_count": len(gpus),
        "gpu_product_names": gpus,
    }


def _cpu_rows() -> List[Dict[str, str]]:
    rows: List[Dict[str, str]] = []
    for line in _text("/proc/cpuinfo").splitlines():
        key, colon, value = line.partition(":")
        if key.strip() == "processor":
            rows.append({})
        if colon and rows:
            rows[-1][key.strip()] = value.strip()
    return rows


def _memory_bytes() -> int:
    """Whole GiB: kernels reserve differing parts of the same memory, and the number decides what is comparable."""
    match = re.search(r"^MemTotal:\s*([0-9]+) kB", _text("/proc/meminfo"), re.MULTILINE)
    return (_integer(match[1] if match else "") * 1024 + GIBIBYTE // 2) // GIBIBYTE * GIBIBYTE


def _cache_bytes(level: str, kind: str) -> int:
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if _text(index / "level") == level and _text(index / "type") in (kind, "Unified"):
            match = re.fullmatch(r"([0-9]+)([KM]?)", _text(index / "size"))
            return int(match[1]) * {"": 1, "K": 1 << 10, "M": 1 << 20}[match[2]] if match else 0
    return 0


def _gpu_names() -> List[str]:
    names = []
    for information in sorted(pathlib.Path("/proc/driver/nvidia/gpus").glob("*/information")):
        match = re.search(r"^Model:\s*(.+?)\s*$", _text(information), re.MULTILINE)
        if match:
            names.append(match[1])
    return names


def _text(path: Any) -> str:
    try:
        return pathlib.Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""


def _integer(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
