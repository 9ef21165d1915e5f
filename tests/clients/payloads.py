"""What jobs send."""
import uuid
from typing import Any, Dict, Optional

MACHINE = {
    "name": "bench-host", "architecture_name": "x86_64", "kernel_name": "6.1", "os_name": "Linux",
    "os_version": "12", "cpu_model_name": "A CPU", "cpu_l1d_cache_bytes": "32768",
    "cpu_l1i_cache_bytes": "32768", "cpu_l2_cache_bytes": "262144", "cpu_l3_cache_bytes": "4194304",
    "cpu_core_count": "2", "cpu_thread_count": "4", "cpu_frequency_max_hz": "3500000000",
    "memory_bytes": "17179869184", "gpu_count": "0", "gpu_product_names": [],
}


def submission(repository: str, commit: Optional[str] = None, **fields: Any) -> Dict[str, Any]:
    """A good legacy submission; `fields` replace what is here."""
    github = {"repository": repository, **({"commit": commit} if commit else {})}
    return {
        "run_id": uuid.uuid4().hex, "batch_id": uuid.uuid4().hex, "run_reason": "commit",
        "timestamp": "2024-08-01T12:00:00Z", "tags": {"name": "sort"}, "context": {}, "info": {},
        "github": github, "machine_info": MACHINE, "stats": {"data": [1.5, 2, 3], "unit": "s"}, **fields}
