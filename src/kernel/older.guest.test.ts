// The tests of this room that need neither kprobes nor a process of their own, on an older kernel.
await import("./attach/attach.test.ts")
await import("./bpf/bpf.test.ts")
await import("./events/events.test.ts")
await import("./load.test.ts")
await import("../../tests/machine/maps.test.ts")

export {}
