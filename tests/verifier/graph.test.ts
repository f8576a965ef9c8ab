import assert from "node:assert/strict"
import { test } from "node:test"
import { readElf } from "../../src/object/index.ts"
import { Judge } from "../oracle/selftests/load.ts"
import { CLANG_PRELUDE, clangObject, skipClang } from "../support/clang.ts"
import { needsRoot } from "../support/kernel.ts"
import { collectLoads } from "./collect.ts"

/** Objects that programs allocate, and the trees and lists that they hang in (Linux 6.2 and later). */
const DECLARATIONS = `${CLANG_PRELUDE}
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define private(name) __attribute__((section(".data." #name), aligned(8)))
struct bpf_spin_lock { u32 val; };
struct bpf_rb_root { u64 a[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { u64 a[4]; } __attribute__((aligned(8)));
struct bpf_list_head { u64 a[2]; } __attribute__((aligned(8)));
struct bpf_list_node { u64 a[3]; } __attribute__((aligned(8)));
struct bpf_refcount { u32 a[1]; } __attribute__((aligned(4)));
struct node { u64 key; struct bpf_rb_node rb; struct bpf_list_node list; struct bpf_refcount ref; };
extern void *bpf_obj_new_impl(u64 id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *p, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *p, void *meta) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node, _Bool (*less)(struct bpf_rb_node *, const struct bpf_rb_node *), void *meta, u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
static void (*bpf_spin_lock)(struct bpf_spin_lock *) = (void *)93;
static void (*bpf_spin_unlock)(struct bpf_spin_lock *) = (void *)94;
#define obj_new(t) ((t *)bpf_obj_new_impl(__builtin_btf_type_id(*(t *)0, 0), 0))
#define container(p, t, m) ((t *)((void *)(p) - __builtin_offsetof(t, m)))
private(A) struct bpf_spin_lock lock;
private(A) struct bpf_rb_root root __contains(node, rb);
private(B) struct bpf_spin_lock lock2;
private(B) struct bpf_list_head head __contains(node, list);
static _Bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b) { return container(a, struct node, rb)->key < container(b, struct node, rb)->key; }
`

/** Bodies of programs, whose names say what is tried. */
const PROGRAMS: Readonly<Record<string, string>> = {
  add: `struct node *n = obj_new(struct node); if (!n) return 1; n->key = 5; bpf_spin_lock(&lock); bpf_rbtree_add_impl(&root, &n->rb, less, 0, 0); bpf_spin_unlock(&lock); return 0;`,
  add_unlocked: `struct node *n = obj_new(struct node); if (!n) return 1; bpf_rbtree_add_impl(&root, &n->rb, less, 0, 0); return 0;`,
  leak: `struct node *n = obj_new(struct node); if (!n) return 1; n->key = 5; return 0;`,
  drop: `struct node *n = obj_new(struct node); if (!n) return 1; n->key = 5; bpf_obj_drop_impl(n, 0); return 0;`,
  drop_twice: `struct node *n = obj_new(struct node); if (!n) return 1; bpf_obj_drop_impl(n, 0); bpf_obj_drop_impl(n, 0); return 0;`,
  use_null: `struct node *n = obj_new(struct node); n->key = 5; bpf_obj_drop_impl(n, 0); return 0;`,
  first: `struct bpf_rb_node *r; u64 k = 0; bpf_spin_lock(&lock); r = bpf_rbtree_first(&root); if (r) k = container(r, struct node, rb)->key; bpf_spin_unlock(&lock); return k;`,
  first_after: `struct bpf_rb_node *r; bpf_spin_lock(&lock); r = bpf_rbtree_first(&root); if (!r) { bpf_spin_unlock(&lock); return 0; } bpf_spin_unlock(&lock); return container(r, struct node, rb)->key;`,
  take: `struct bpf_rb_node *r; struct node *n; bpf_spin_lock(&lock); r = bpf_rbtree_first(&root); if (!r) { bpf_spin_unlock(&lock); return 0; } r = bpf_rbtree_remove(&root, r); bpf_spin_unlock(&lock); if (!r) return 0; n = container(r, struct node, rb); bpf_obj_drop_impl(n, 0); return 0;`,
  take_kept: `struct bpf_rb_node *r; bpf_spin_lock(&lock); r = bpf_rbtree_first(&root); if (!r) { bpf_spin_unlock(&lock); return 0; } r = bpf_rbtree_remove(&root, r); bpf_spin_unlock(&lock); return 0;`,
  push: `struct node *n = obj_new(struct node); if (!n) return 1; bpf_spin_lock(&lock2); bpf_list_push_front_impl(&head, &n->list, 0, 0); bpf_spin_unlock(&lock2); return 0;`,
  push_wrong_lock: `struct node *n = obj_new(struct node); if (!n) return 1; bpf_spin_lock(&lock); bpf_list_push_front_impl(&head, &n->list, 0, 0); bpf_spin_unlock(&lock); return 0;`,
  pop: `struct bpf_list_node *l; bpf_spin_lock(&lock2); l = bpf_list_pop_front(&head); bpf_spin_unlock(&lock2); if (l) bpf_obj_drop_impl(container(l, struct node, list), 0); return 0;`,
  both: `struct node *n = obj_new(struct node), *m; if (!n) return 1; m = bpf_refcount_acquire_impl(n, 0); if (!m) { bpf_obj_drop_impl(n, 0); return 2; } bpf_spin_lock(&lock); bpf_rbtree_add_impl(&root, &n->rb, less, 0, 0); bpf_spin_unlock(&lock); bpf_spin_lock(&lock2); bpf_list_push_front_impl(&head, &m->list, 0, 0); bpf_spin_unlock(&lock2); return 0;`,
  no_unlock: `bpf_spin_lock(&lock); return 0;`,
  write_node: `struct node *n = obj_new(struct node); if (!n) return 1; n->rb.a[0] = 1; bpf_obj_drop_impl(n, 0); return 0;`,
}

test("allocated objects, trees and lists: the same verdicts as the kernel's", { skip: needsRoot || skipClang }, () => {
  const programs = Object.entries(PROGRAMS).map(([name, body]) => `SEC("tc") int ${name}(void *ctx) { ${body} }`)
  const license = 'char _license[] SEC("license") = "GPL";'
  const bytes = clangObject([DECLARATIONS, ...programs, license].join("\n"), "graph", ["-mcpu=v3"])
  const results = collectLoads("graph", () => new Judge().judge(readElf(bytes, "graph.o")))
  const differing = results.filter(({ agreement }) => agreement.startsWith("wrong"))
  assert.deepEqual(
    differing.map(({ name, theirs, ours }) => `${name}: ${theirs}, not ${ours}`),
    [],
  )
  assert.equal(results.length, programs.length)
})
