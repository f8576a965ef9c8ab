/** The programs of examples/, bundled so that an installed skep can run them, too. */
export { default as HELLO } from "../../examples/hello_world.c"
export { default as TASK_SWITCH } from "../../examples/task_switch.c"
/** The same count on a tracepoint, for kernels without kprobes. */
export { default as TASK_SWITCH_TRACEPOINT } from "../../examples/task_switch_tracepoint.c"
