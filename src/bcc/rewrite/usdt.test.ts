import { emits, refuses } from "../../../tests/support/bcc.ts"

/** A reader as it is made from the notes of a probe: the argument is in a register. */
const READER = `static __always_inline int _bpf_readarg_start_2(struct pt_regs *ctx, void *dest, size_t len) {
  if (len != sizeof(u64)) return -1;
  *((u64 *)dest) = ctx->ax;
  return 0;
}\n`

emits(
  "int start(struct pt_regs *ctx) { u64 v = 0; bpf_usdt_readarg(2, ctx, &v); return v; }",
  "int start(struct pt_regs *ctx) { u64 v = 0; _bpf_readarg_start_2(ctx, &v, 8UL); return v; }",
  READER,
)
emits(
  "int start(struct pt_regs *ctx) { char b[8]; return bpf_usdt_readarg_p(2, ctx, b, sizeof(b)); }",
  "int start(struct pt_regs *ctx) { char b[8]; return ({ unsigned long long _address = 0ULL; " +
    "_bpf_readarg_start_2(ctx, &_address, 8UL); bpf_probe_read_user(b, sizeof(b), (void *)_address); }); }",
  READER,
)
emits(
  "int start(struct pt_regs *ctx) { struct { u64 a, b; } e = {}; bpf_usdt_readarg(2, ctx, &e.b); return e.b; }",
  "int start(struct pt_regs *ctx) { struct { u64 a; u64 b; } e = {}; _bpf_readarg_start_2(ctx, &e.b, 8UL); return e.b; }",
  READER,
)
// What a probe gives is an address of the traced process: it is read by a helper
emits(
  "int start(struct pt_regs *ctx) { char *p = 0; bpf_usdt_readarg(2, ctx, &p); return *p; }",
  "int start(struct pt_regs *ctx) { char *p = 0; _bpf_readarg_start_2(ctx, &p, 8UL); return READ(char, p); }",
  READER,
)
refuses(
  "int other(struct pt_regs *ctx) { u64 v = 0; bpf_usdt_readarg(2, ctx, &v); return v; }",
  "nothing tells where argument 2 of the USDT probe of 'other' lies",
  READER,
)
refuses(
  "int start(struct pt_regs *ctx) { u64 v = 2; bpf_usdt_readarg(v, ctx, &v); return v; }",
  "bpf_usdt_readarg() needs the number of the argument as a constant",
  READER,
)
