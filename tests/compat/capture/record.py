"""Runs BCC's Python tools and keeps the C text that each hands to BPF().

    record.py OUT JOBS PROBES [WORD]…

The tools run with Debian's own `bcc` package, of which only what touches the kernel is put aside: BPF() keeps its text, functions that are loaded or
attached are noted, a table answers anything, and the first wait for events ends the tool. Each run is a process of its own.
Writes OUT/programs/NAME/{prog.c,usdt.h,meta.json}, one for each distinct text.
"""
import argparse
import builtins
import glob
import hashlib
import importlib.abc
import importlib.machinery
import json
import os
import re
import resource
import runpy
import shlex
import signal
import sys
import time
from unittest.mock import MagicMock

import bcc
from bcc import BPF

import probes

SECONDS = 10
FOLDER = "/usr/sbin/"
EXAMPLES = "/usr/share/doc/bpfcc-tools/examples/"
SUFFIX = "-bpfcc"
# Those for languages, which have no suffix.
BARE = ("ucalls", "uflow", "ugc", "uobjnew", "ustat", "uthreads")


class Stand(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands for packages that examples import and that need not be there for their C text."""
    names = ("pyroute2", "netaddr", "dnslib", "cachetools", "flask", "netifaces", "simulation")

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(__path__=[], __spec__=spec, __name__=spec.name)

    def exec_module(self, module):
        pass


class Done(BaseException):
    """The tool has come to where it would wait."""


class Recorder:
    def __init__(self, send):
        self.send = send
        self.programs = []

    def flush(self):
        self.send({"programs": self.programs})

    def wait(self, *_, **__):
        if self.programs:
            raise Done()

    def program(self, text, before, cflags, usdt):
        enabled = [[p, f] for context in usdt for p, f in getattr(context, "skep_enabled", [])]
        self.programs.append({
            "text": text.decode("utf-8", "replace"), "usdt": before.decode("utf-8", "replace"),
            "cflags": list(cflags), "calls": [], "loads": [], "usdt_contexts": [{"enabled": enabled}] if enabled else [],
        })


def plain(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def as_bytes(value):
    return value.encode() if isinstance(value, str) else value


def install(recorder):
    """Puts BPF's contact with the kernel aside."""
    def init(self, src_file=b"", hdr_file=b"", text=None, debug=0, cflags=[], usdt_contexts=[], **_):
        if text is None:
            path = as_bytes(src_file).decode()
            if not os.path.isfile(path):
                path = os.path.join(os.path.dirname(sys.argv[0]), path)
            text = open(path, "rb").read()
        before = b""
        if usdt_contexts:
            array = (bcc.ct.c_void_p * len(usdt_contexts))(*[u.get_context() for u in usdt_contexts])
            before = bcc.lib.bcc_usdt_genargs(array, len(usdt_contexts)) or b""
        recorder.program(as_bytes(text), before, cflags, usdt_contexts)
        self.debug, self.funcs, self.tables, self.module, self.perf_buffers = 0, {}, {}, None, {}
        self.kprobe_fds, self.uprobe_fds, self.tracepoint_fds, self.raw_tracepoint_fds = {}, {}, {}, {}
        self.open_perf_events = {}
        self._ringbuf_manager = None

    def load_func(self, name, kind, *_, **__):
        recorder.programs[-1]["loads"].append({"fn": plain(name), "prog_type": kind})
        return MagicMock(fd=3, name=name)

    def attach(method):
        def call(*args, **named):
            entry = {k: plain(v) for k, v in named.items() if isinstance(v, (bytes, str, int))}
            if recorder.programs:
                recorder.programs[-1]["calls"].append([method, [], entry])
        return call

    BPF.__init__ = init
    BPF.load_func = load_func
    BPF.load_funcs = lambda self, kind=2: [load_func(self, "*", kind)]
    BPF.get_table = BPF.__getitem__ = lambda self, *_, **__: MagicMock(open_perf_buffer=lambda *_, **__: None)
    BPF.cleanup = BPF.close = lambda self: None
    for name in dir(BPF):
        if re.match(r"(attach|detach|remove)_", name):
            setattr(BPF, name, attach(name))
        if re.match(r"(perf_buffer|kprobe|ring_buffer)_(poll|consume)$|trace_", name):
            setattr(BPF, name, recorder.wait)
    BPF.get_kprobe_functions = staticmethod(kernel_functions)
    BPF.num_open_kprobes = BPF.num_open_uprobes = BPF.num_open_tracepoints = lambda self: 1
    enable = bcc.USDT.enable_probe

    def enable_probe(self, probe, fn_name):
        enable(self, probe, fn_name)
        self.skep_enabled = getattr(self, "skep_enabled", []) + [(plain(probe), plain(fn_name))]

    bcc.USDT.enable_probe = enable_probe
    bcc.USDT.enable_probe_or_bail = enable_probe
    time.sleep = signal.pause = recorder.wait
    builtins.input = recorder.wait


def kernel_functions(pattern):
    pattern = re.compile(as_bytes(pattern))
    with open("/proc/kallsyms", "rb") as symbols:
        names = {line.split()[2] for line in symbols if line.split()[1] in b"tT"}
    return {name for name in names if pattern.fullmatch(name) and b"." not in name}


def listed_options(parser):
    """What is worth a run of its own: each switch, and each option with a value that is a number or one of a list."""
    lines = []
    for action in parser._actions:
        if not action.option_strings or action.help == argparse.SUPPRESS or "help" in action.dest:
            continue
        option = action.option_strings[-1]
        if action.nargs == 0:
            lines.append([option])
        elif action.choices:
            lines += [[option, str(choice)] for choice in action.choices]
        elif action.dest in ("cgroupmap", "mntnsmap"):
            lines.append([option, "/sys/fs/bpf/skep_" + action.dest])
        elif action.type in (int, float) or re.search("pid|tid|uid|port|cpu", action.dest):
            lines.append([option, "7"])
    return lines


def run(script, argv, environment, discover):
    """In a process of its own; what it has to tell, or None."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        with os.fdopen(reader) as answer:
            text = answer.read()
        os.waitpid(pid, 0)
        return json.loads(text.splitlines()[-1]) if text.strip() else {}
    os.close(reader)

    def send(answer):
        os.write(writer, (json.dumps(answer) + "\n").encode())

    recorder = Recorder(send)
    signal.signal(signal.SIGALRM, lambda *_: (recorder.flush(), os._exit(1)))
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    try:
        install(recorder)
        for name, answer in environment.items():
            setattr(BPF, name, staticmethod(lambda answer=answer: answer))
        if discover:
            parse = argparse.ArgumentParser.parse_args

            def tell(parser, *args, **named):
                send({"options": listed_options(parser)})
                os._exit(0)

            argparse.ArgumentParser.parse_args = tell
            argparse.ArgumentParser.parse_known_args = parse and tell
        sys.meta_path.append(Stand())
        sys.argv = [script] + argv
        sys.path[0] = os.path.dirname(script)
        runpy.run_path(script, run_name="__main__")
    except BaseException:
        pass
    if not discover:
        recorder.flush()
    os._exit(0)


def jobs(file, words):
    """(tool, script, arguments, answers about the kernel)"""
    given = {}
    for line in open(file):
        if line.strip() and not line.startswith("#"):
            tool, lines = line.rstrip("\n").split(":", 1)
            given[tool] = [shlex.split(text) for text in lines.split(" | ")]
    bare = [FOLDER + name for name in BARE if os.path.exists(FOLDER + name)]
    for script in sorted(glob.glob(FOLDER + "*" + SUFFIX)) + bare:
        tool = os.path.basename(script).removesuffix(SUFFIX)
        if b"python" not in open(script, "rb").readline() or (words and tool not in words):
            continue
        base = given.get(tool, [[]])
        for argv in base:
            yield tool, script, argv, {}
        for option in run(script, base[0], {}, True).get("options", []):
            yield tool, script, option + base[0], {}
        yield tool, script, base[0], {"support_kfunc": False}
        yield tool, script, base[0], {"support_raw_tracepoint": False}
    for script in sorted(glob.glob(EXAMPLES + "**/*.py", recursive=True)):
        tool = "example-" + os.path.basename(script)[:-len(".py")]
        if not words or tool in words:
            for argv in given.get(tool, [[]]):
                yield tool, script, argv, {}


def texts():
    """Programs of the examples that stand in files of their own."""
    for path in sorted(glob.glob(EXAMPLES + "**/*.c", recursive=True)):
        yield "example-" + os.path.basename(path)[:-len(".c")] + "-file", open(path).read()


class Corpus:
    """The folder of the distinct programs."""

    def __init__(self, out):
        self.out, self.seen, self.count = out, set(), {}

    def add(self, tool, argv, found):
        text, before = found.pop("text"), found.pop("usdt")
        key = hashlib.sha256(json.dumps([text, before, found["cflags"]]).encode()).digest()
        if key in self.seen:
            return
        self.seen.add(key)
        self.count[tool] = self.count.get(tool, 0) + 1
        folder = os.path.join(self.out, "programs", "%s.%03d" % (tool, self.count[tool]))
        os.makedirs(folder, exist_ok=True)
        for name, content in (("prog.c", text), ("usdt.h", before)):
            with open(os.path.join(folder, name), "w") as file:
                file.write(content)
        with open(os.path.join(folder, "meta.json"), "w") as file:
            json.dump(dict(found, tool=tool, argv=argv), file, indent=1)


def main():
    out, job_file, probe_file, *words = sys.argv[1:]
    work = os.path.join(out, "work")
    os.makedirs(work, exist_ok=True)
    started = probes.start(work, probe_file)
    places = {}
    for name, (process, binary) in started.items():
        places[name], places["bin:" + name] = str(process.pid), binary
    corpus = Corpus(out)
    runs = 0
    for tool, script, argv, environment in jobs(job_file, words):
        argv = [re.sub(r"\{([\w:]+)\}", lambda m: places.get(m[1], "1"), word) for word in argv]
        runs += 1
        for found in run(script, argv, environment, False).get("programs", []):
            corpus.add(tool, argv, found)
        if runs % 50 == 0:
            print("%d runs, %d programs" % (runs, len(corpus.seen)), file=sys.stderr)
    for tool, text in () if words else texts():
        corpus.add(tool, [], {"text": text, "usdt": "", "cflags": [], "calls": [], "loads": [], "usdt_contexts": []})
    for process, _ in started.values():
        process.kill()
    print("%d runs of %d tools gave %d programs" % (runs, len(corpus.count), len(corpus.seen)))


main()
