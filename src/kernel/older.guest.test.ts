// The tests of this room that need neither kprobes nor a process of their own, on an older kernel.
import "./attach/attach.test.ts"
import "./events/events.test.ts"
import "./load.test.ts"
import "./map.test.ts"
