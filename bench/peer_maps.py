# The same table read with BCC's Python package: peer_maps.py ENTRIES
import json
import sys
import time

from bcc import BPF

entries = int(sys.argv[1])
TEXT = """
struct key { u32 pid; u32 cpu; };
struct value { u64 count; u64 ns; };
BPF_HASH(t, struct key, struct value, %d);
int f(void *ctx) { return 0; }
""" % entries
b = BPF(text=TEXT)
table = b["t"]
keys = (table.Key * entries)()
values = (table.Leaf * entries)()
for i in range(entries):
    keys[i].pid, keys[i].cpu, values[i].count, values[i].ns = i, i & 7, i, 1
table.items_update_batch(keys, values)


def timed(read):
    start = time.perf_counter()
    count = 0
    total = 0
    for _, value in read():
        total += value.count
        count += 1
    assert count == entries, count
    return (time.perf_counter() - start) * 1000


items = min(timed(table.items) for _ in range(2))
batch = min(timed(table.items_lookup_batch) for _ in range(2))
print(json.dumps({"items": items, "batch": batch}))
