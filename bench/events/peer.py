# The same with BCC: peer.py PROGRAM.c SECONDS RATE BATCH PRODUCER. Prints events and seconds.
import json
import subprocess
import sys
import time

from bcc import BPF

path, seconds, rate, batch, producer = sys.argv[1:6]
BPF._trace_autoload = lambda self: None
b = BPF(src_file=path, cflags=["-DBATCH=" + batch])
fn = b.load_func("send", BPF.RAW_TRACEPOINT)
count = 0
total = 0


def take(ctx, data, size):
    global count, total
    count += 1
    total += b["events"].event(data).number


b["events"].open_ring_buffer(take)
child = subprocess.Popen([producer, str(fn.fd), seconds, rate, batch], pass_fds=[fn.fd], stdout=sys.stderr)
start = time.perf_counter()
while child.poll() is None:
    b.ring_buffer_poll(20)
b.ring_buffer_consume()
print(json.dumps({"events": count, "seconds": time.perf_counter() - start, "sum": total}))
