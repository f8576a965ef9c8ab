import assert from "node:assert/strict"
import { test } from "node:test"
import { emitted, refuses, warns } from "../../../tests/support/bcc.ts"

const body = (statement: string) =>
  `int f(struct pt_regs *ctx) { u64 v = 1; int n = 2; char *s = 0;\n${statement}\nreturn 0; }`

/** One case: the statement becomes this. */
function becomes(statement: string, expected: string): void {
  test(statement, () => {
    const text = emitted(body(statement))
    assert.equal(text.slice(text.indexOf("char *s = 0; ") + 13, text.indexOf(" return 0;")), expected)
  })
}

becomes('bpf_trace_printk("hi\\n");', '({ char _fmt[] = "hi\\n"; bpf_trace_printk(_fmt, sizeof(_fmt)); });')
becomes('bpf_printk("%d", n);', '({ char _fmt[] = "%d"; bpf_trace_printk(_fmt, sizeof(_fmt), n); });')
becomes(
  '#define LOG(f, a...) bpf_trace_printk("log: " f, ##a)\nLOG("%llu", v);',
  '({ char _fmt[] = "log: %llu"; bpf_trace_printk(_fmt, sizeof(_fmt), v); });',
)
becomes(
  'bpf_trace_printk("%d %d %d %s", n, n, n, s);',
  '({ char _fmt[] = "%d %d %d %s"; unsigned long long _args[4] = {n, n, n, (unsigned long long)s}; ' +
    "bpf_trace_vprintk(_fmt, sizeof(_fmt), _args, sizeof(_args)); });",
)
becomes(
  'char fmt[] = "x %d"; bpf_trace_printk(fmt, sizeof(fmt), n);',
  'char fmt[] = "x %d"; bpf_trace_printk(fmt, sizeof(fmt), n);',
)

refuses(body("bpf_trace_printk(s);"), "the format of bpf_trace_printk() must be a string literal")
refuses(
  body('bpf_trace_printk("%d %d %d %d", n, n, n, n);'),
  "bpf_trace_printk() takes at most 3 values on this kernel; 4 given",
  "",
  { hasHelper: name => name !== "bpf_trace_vprintk" },
)

const says = (statement: string, ...messages: string[]) => warns(body(statement), messages)
says('bpf_trace_printk("%d %u %x %i %X %c", n, n, n, n, n, n);')
says('bpf_trace_printk("%ld %lu %llx %-8llu %5d %05d", v, v, v, v, n, n);')
says('bpf_trace_printk("%s %p %pI4 %% 100%%", s, s, s);')
says('bpf_trace_printk("%f", n);', "bpf_trace_printk() does not know '%f'")
says('bpf_trace_printk("%hd", n);', "bpf_trace_printk() does not know '%hd'")
says(
  'bpf_trace_printk("%");',
  "bpf_trace_printk() does not know '%'",
  "format has more conversions than arguments: 1 and 0",
)
says('bpf_trace_printk("%d");', "format has more conversions than arguments: 1 and 0")
says('bpf_trace_printk("%d", n, n);', "format has fewer conversions than arguments: 1 and 2")
says('bpf_trace_printk("%d", v);', "format '%d' does not fit an argument of type 'u64' (aka 'unsigned long long')")
says('bpf_trace_printk("%ld", n);', "format '%ld' does not fit an argument of type 'int'")
says('bpf_trace_printk("%s", n);', "format '%s' does not fit an argument of type 'int'")
says('bpf_trace_printk("%x", s);', "format '%x' does not fit an argument of type 'char *'")
