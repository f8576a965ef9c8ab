import { gives } from "../../../tests/support/runLibbpf.ts"

// CO-RE: places, bit-fields, numbers, flavours.
const task = "struct task_struct *t = (void *)bpf_get_current_task_btf();"
gives("", `${task} return t->tgid == bpf_get_current_pid_tgid() >> 32;`, 1)
gives("", `${task} return BPF_CORE_READ(t, group_leader, tgid) == t->tgid;`, 1)
gives(
  "struct task_struct___old { int tgid; long gone; };",
  `${task} struct task_struct___old *o = (void *)t; return bpf_core_field_exists(o->gone) * 10 + bpf_core_field_exists(o->tgid);`,
  1,
)
gives(
  "struct task_struct___old { int tgid; long gone; } __attribute__((preserve_access_index));",
  `${task} struct task_struct___old *o = (void *)t; if (bpf_core_field_exists(o->gone)) return o->gone; return BPF_CORE_READ(o, tgid) == t->tgid;`,
  1,
)
gives(
  "",
  "return bpf_core_type_exists(struct task_struct) + 2 * bpf_core_type_exists(struct nothing___x { int a; });",
  1,
)
gives("", "return bpf_core_type_size(struct list_head);", 16)
gives(
  "enum bpf_map_type___x { BPF_MAP_TYPE_ARRAY___x = 77 };",
  "return bpf_core_enum_value(enum bpf_map_type___x, BPF_MAP_TYPE_ARRAY___x);",
  2,
)
gives(
  "",
  `${task} struct cred *c = (void *)BPF_CORE_READ(t, cred); return BPF_CORE_READ_BITFIELD_PROBED(t, sched_reset_on_fork) + (c == 0);`,
  0,
)
gives("", `${task} return t->sched_reset_on_fork;`, 0)

// Variables in every section.
gives(
  'int a = 5; int b; const volatile int c = 3; static int d = 2; int e SEC(".data.mine") = 1;',
  "b += a + c + d + e; return b;",
  11,
)
gives(
  'struct node { const char *name; int *to; } static const table[] = {{"one", 0}, {"two", 0}};',
  "return table[1].name[1] == 'w';",
  1,
)
gives("extern int LINUX_KERNEL_VERSION __kconfig;", "return LINUX_KERNEL_VERSION > KERNEL_VERSION(5, 0, 0);", 1)
gives("extern unsigned CONFIG_NOT_THERE __kconfig __weak;", "return CONFIG_NOT_THERE;", 0)
gives("extern const void schedule __ksym;", "return &schedule != 0;", 1)
gives("extern const int not_there __ksym __weak;", "return bpf_ksym_exists(&not_there) ? 2 : 1;", 1)
gives(
  "struct task_struct *bpf_task_from_pid(s32 pid) __ksym; void bpf_task_release(struct task_struct *p) __ksym;",
  "int me = bpf_get_current_pid_tgid(); struct task_struct *t = bpf_task_from_pid(me); if (!t) return 2; int pid = t->pid; bpf_task_release(t); return pid == me;",
  1,
)
gives(
  "void bpf_none_of_that(void) __ksym __weak;",
  "if (bpf_ksym_exists(bpf_none_of_that)) bpf_none_of_that(); return 4;",
  4,
)

// Subprograms.
gives("static __noinline int add(int a, int b) { return a + b; }", "return add(3, 4) + add(10, 20);", 37)
gives("__noinline int add(int a, int b) { return a + b; }", "return add(3, 4);", 7)
gives(
  "struct pair { int a, b; }; __noinline int sum(struct pair *p) { return p ? p->a + p->b : 0; }",
  "struct pair p = {3, 5}; return sum(&p);",
  8,
)
gives("__weak int twice(int a) { return 2 * a; }", "return twice(21);", 42)
gives(
  "static long each(u32 i, void *ctx) { *(long *)ctx += i; return 0; }",
  "long sum = 0; bpf_loop(10, each, &sum, 0); return sum;",
  45,
)
gives(
  'struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } m SEC(".maps");\nstatic long each(struct bpf_map *map, u32 *k, u64 *v, long *sum) { *v = *k * 3; *sum += *v; return 0; }',
  "long sum = 0; bpf_for_each_map_elem(&m, each, &sum, 0); return sum;",
  18,
)
gives("", "int s = 0; int i; bpf_for(i, 0, 10) s += i; return s;", 45)

// Assembler text.
gives("", 'int i = 0; for (;;) { asm goto("may_goto %l[out]" :::: out); i++; if (i == 7) break; } out: return i;', 7)
gives(
  'static __attribute__((naked)) long f5(void) { asm volatile("r0 = %[five]; exit" :: [five] "i"(5)); }',
  "return f5();",
  5,
)
gives(
  'struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } m SEC(".maps");',
  'u32 k = 0; u64 *v; asm volatile("r1 = m ll; r2 = %1; call %[lookup]; %0 = r0" : "=r"(v) : "r"(&k), [lookup] "i"(bpf_map_lookup_elem) : "r0", "r1", "r2", "r3", "r4", "r5", "memory"); return v ? 3 : 0;',
  3,
)

// Arithmetic that has no instruction.
gives(
  "static int popcount(u64 x) { return __builtin_popcountll(x); }",
  "return popcount(bpf_get_prandom_u32() | 0xff00000000ull) >= 8;",
  1,
)
gives(
  "",
  "u32 x = 40; u32 r; return __builtin_mul_overflow(x, 200000000u, &r) + 2 * __builtin_add_overflow(x, 2u, &r);",
  1,
)
gives(
  "struct { long n; } v;",
  "__sync_fetch_and_add(&v.n, 5); return __sync_fetch_and_or(&v.n, 8) * 100 + __sync_val_compare_and_swap(&v.n, 13, 1) + v.n;",
  514,
)

// Pointers that maps keep, lists, arenas: what types and members are tagged with.
gives(
  `struct value { struct task_struct __kptr *t; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct value); } m SEC(".maps");
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *p) __ksym;
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;`,
  `int k = 0, me = bpf_get_current_pid_tgid();
struct value *v = bpf_map_lookup_elem(&m, &k);
struct task_struct *t = v ? bpf_task_from_pid(me) : 0;
if (!t) return 2;
struct task_struct *old = bpf_kptr_xchg(&v->t, t);
if (old) bpf_task_release(old);
bpf_rcu_read_lock();
struct task_struct *p = v->t;
int same = p && p->pid == me;
bpf_rcu_read_unlock();
return same;`,
  1,
)
gives(
  `#define private(name) SEC(".bss." #name) __hidden __attribute__((aligned(8)))
struct foo { struct bpf_list_node node; int v; };
extern void *bpf_obj_new_impl(__u64 type, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
private(A) struct bpf_spin_lock lock;
private(A) struct bpf_list_head head __attribute__((btf_decl_tag("contains:foo:node")));`,
  `struct foo *f = bpf_obj_new_impl(bpf_core_type_id_local(struct foo), 0);
if (!f) return 1;
f->v = 42;
bpf_spin_lock(&lock);
bpf_list_push_front_impl(&head, &f->node, 0, 0);
struct bpf_list_node *n = bpf_list_pop_front(&head);
bpf_spin_unlock(&lock);
if (!n) return 2;
f = container_of(n, struct foo, node);
int v = f->v;
bpf_obj_drop_impl(f, 0);
return v;`,
  42,
  "tc",
)
gives(
  `#define __arena __attribute__((address_space(1)))
#define can_loop ({ __label__ out, on; bool ret = true; asm volatile goto("may_goto %l[out]" :::: out); goto on; out: ret = false; on:; ret; })
struct { __uint(type, BPF_MAP_TYPE_ARENA); __uint(map_flags, BPF_F_MMAPABLE); __uint(max_entries, 10); __ulong(map_extra, 1ull << 44); } arena SEC(".maps");
void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 page_cnt, int node_id, __u64 flags) __ksym;
struct node { struct node __arena *next; int v; };`,
  `struct node __arena *p = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
if (!p) return 1;
struct node __arena *q = p + 1;
p->v = 5, q->v = 7, p->next = q, q->next = 0;
q->v += 1;
int sum = 0;
for (struct node __arena *n = p; n && can_loop; n = n->next) sum += n->v;
return sum;`,
  13,
)

// Variables of an arena are its first bytes; their addresses are pointers into it like others.
gives(
  `#define __arena __attribute__((address_space(1)))
struct { __uint(type, BPF_MAP_TYPE_ARENA); __uint(map_flags, BPF_F_MMAPABLE); __uint(max_entries, 10); __ulong(map_extra, 1ull << 44); } arena SEC(".maps");
void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 page_cnt, int node_id, __u64 flags) __ksym;
struct pair { int a; long b; };
int __arena count = 5;
static struct pair __arena pairs[3] = {{1, 2}, {3, 4}, {5, 6}};
long __arena zero;
int __arena *shared;
const int __arena fixed = 9;
static __noinline int bump(int __arena *p) { return ++*p; }`,
  `int __arena *page = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
if (!page) return 1;
*page = 7;
count += 2, pairs[1].b = count, zero++, shared = &count;
struct pair __arena *q = &pairs[count & 1];
q->a += 10;
int bumped = bump(&count);
return bumped + q->a + pairs[1].b + zero + *shared + pairs[2].a * 100 + fixed * 1000 + *page;`,
  9544,
)

// A program that throws ends at once, and gives what its callback makes of it.
const throwing = `extern void bpf_throw(u64 cookie) __ksym;
static __noinline int deep(int x) { if (x != 1) bpf_throw(100); return x; }`
gives(throwing, "return deep(ctx->len) + 1;", 100, "tc")
gives(
  `${throwing}
int handler(u64 cookie) { return cookie + 5; }
__attribute__((btf_decl_tag("exception_callback:handler")))`,
  "return deep(ctx->len) + 1;",
  105,
  "tc",
)

// Memory orders: at level 4 on Linux 6.15 an instruction of their own.
gives(
  "long v; int w; char c;",
  `__atomic_store_n(&v, 5, __ATOMIC_RELEASE);
__atomic_store_n(&c, -3, __ATOMIC_RELEASE);
w = __atomic_load_n(&v, __ATOMIC_ACQUIRE);
return w + __atomic_load_n(&c, __ATOMIC_ACQUIRE) + __atomic_load_n(&v, __ATOMIC_RELAXED);`,
  7,
)
