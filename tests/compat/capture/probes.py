"""Makes and starts processes that carry the USDT probes of probes.txt, as the tools look for them in running programs."""
import os
import subprocess


def read_probes(file):
    for line in open(file):
        if line.strip() and not line.startswith("#"):
            provider, probes = line.strip().split(": ")
            yield provider, [(p.split() + [""])[:2] for p in probes.split(", ")]


def source(provider, probes):
    """Arguments are a local, a global and a constant in turn, so that readers of each kind are made."""
    kinds = {"s": ["text", "shared"], "i": ["(long)count", "count", "42"]}
    lines = []
    for name, arguments in probes:
        values = [kinds[kind][i % len(kinds[kind])] for i, kind in enumerate(arguments)]
        lines.append("STAP_PROBEV(%s);" % ", ".join([provider, name] + values))
    return """#define SDT_USE_VARIADIC
#include <sys/sdt.h>
#include <unistd.h>
char shared[8];
__attribute__((noinline)) int dispatch_command(char *text, volatile int count) { %s return count; }
int main(int argc, char **argv) { for (;;) { pause(); dispatch_command(argv[0], argc); } }
""" % "\n".join(lines)


def start(folder, file):
    """Ids and files of the processes by provider; none where there is no C compiler or no sys/sdt.h."""
    found = {}
    for provider, probes in read_probes(file):
        binary = os.path.join(folder, provider)
        with open(binary + ".c", "w") as out:
            out.write(source(provider, probes))
        if subprocess.run(["gcc", "-O1", "-no-pie", "-o", binary, binary + ".c"], capture_output=True).returncode == 0:
            found[provider] = (subprocess.Popen([binary], stdin=subprocess.DEVNULL), binary)
    return found
