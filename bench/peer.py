# The same with BCC's Python package, started in a process of its own: peer.py load|compile FILE FUNCTION
import json
import resource
import sys
import time

start = time.perf_counter()
from bcc import BPF

what, path, function = sys.argv[1:4]
# Without kprobes in the kernel, looking for programs to attach would fail.
BPF._trace_autoload = lambda self: None
times = []
for _ in range(4 if what == "compile" else 1):
    before = time.perf_counter()
    b = BPF(src_file=path)
    times.append((time.perf_counter() - before) * 1000)
reached = "compiled"
if what == "load":
    fn = b.load_func(function, BPF.KPROBE)
    reached = "loaded"
    try:
        b.attach_kprobe(event="finish_task_switch", fn_name=function)
        reached = "attached"
    except Exception:
        pass
slots = len(b.dump_func(function)) // 8
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"reached": reached, "rss": rss, "slots": slots, "cold": times[0], "warm": min(times[1:] or times)}))
