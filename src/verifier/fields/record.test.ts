import assert from "node:assert/strict"
import { test } from "node:test"
import { clangObject, skipClang } from "../../../tests/support/clang.ts"
import { Btf } from "../../btf/index.ts"
import { readElf } from "../../object/index.ts"
import { specialFields } from "./record.ts"

const DECLARATIONS = `
struct bpf_spin_lock { unsigned val; };
struct bpf_timer { unsigned long long a, b; } __attribute__((aligned(8)));
struct bpf_list_head { unsigned long long a, b; } __attribute__((aligned(8)));
struct bpf_list_node { unsigned long long a, b, c; } __attribute__((aligned(8)));
struct bpf_refcount { unsigned a; } __attribute__((aligned(4)));
struct task_struct;
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
struct node { int data; struct bpf_list_node link; struct bpf_refcount count; };
`

/** The fields of `struct value { MEMBERS };`, one `kind@offset` after the other. */
function finds(members: string, expected: string): void {
  test(members, { skip: skipClang }, () => {
    const btf = Btf.parse(
      readElf(clangObject(`${DECLARATIONS}\nstruct value { ${members} } value; struct node kept;`)).btf,
    )
    const fields = specialFields(btf, btf.find("value", "struct"))
    const shown = fields.map(({ kind, offset, target, node }) => {
      const leads = target === 0 ? "" : ` -> ${btf.name(target)}${node === "" ? "" : `.${node}`}`
      return `${kind}@${offset}${leads}`
    })
    assert.equal(shown.join(", "), expected)
  })
}

finds("int a;", "")
finds("int a; struct bpf_spin_lock lock;", "bpf_spin_lock@4")
finds("struct bpf_timer timer; int a; struct bpf_spin_lock lock;", "bpf_timer@0, bpf_spin_lock@20")
finds("int a; struct task_struct __kptr *task;", "kptr@8 -> task_struct")
finds("struct task_struct __kptr_untrusted *task;", "kptr_untrusted@0 -> task_struct")
finds("struct bpf_timer timers[2];", "bpf_timer@0, bpf_timer@16")
finds("struct { int a; struct bpf_timer timer; } inner;", "bpf_timer@8")
finds("struct bpf_list_head head __contains(node, link);", "bpf_list_head@0 -> node.link")
finds("struct node inner[2];", "bpf_list_node@8, bpf_refcount@32, bpf_list_node@48, bpf_refcount@72")
