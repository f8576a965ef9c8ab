/*
 * Prints the cases of the kernel's tools/testing/selftests/bpf/test_verifier.c, a line of JSON each. The file is included as it is,
 * so that its macros and the functions that fill long programs in are compiled with it; nothing of it but those is run, and what it would call of
 * libbpf need not be there. Maps are created by who reads this: a fixup names the map and the instructions that take it.
 */
#include <linux/types.h>

typedef __u32 u32;
typedef __u64 u64;

#define main kernel_main
#include "test_verifier.c"
#undef main

static const char *separator = "";

static void field(const char *name)
{
	printf("%s\"%s\":", separator, name);
	separator = ",";
}

static void number(const char *name, long value)
{
	if (!value)
		return;
	field(name);
	printf("%ld", value);
}

static void text(const char *name, const char *value)
{
	if (!value)
		return;
	field(name);
	putchar('"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			putchar('\\');
		if (*value < ' ')
			printf("\\u%04x", *value);
		else
			putchar(*value);
	}
	putchar('"');
}

static void bytes(const char *name, const void *data, size_t size)
{
	const unsigned char *byte = data;

	if (!size)
		return;
	field(name);
	putchar('"');
	for (; size; size--)
		printf("%02x", *byte++);
	putchar('"');
}

/* Lists end with a zero: no case has a map in its first instruction. */
static void fixup(const char *map, const int *slots)
{
	if (!*slots)
		return;
	field(map);
	for (const char *before = "["; *slots; slots++, before = ",")
		printf("%s%d", before, *slots);
	putchar(']');
}

static void fixups(const struct bpf_test *test)
{
	field("maps");
	putchar('{');
	separator = "";
#define FIXUP(name) fixup(#name, test->fixup_##name)
	FIXUP(map_hash_8b);
	FIXUP(map_hash_48b);
	FIXUP(map_hash_16b);
	FIXUP(map_array_48b);
	FIXUP(map_sockmap);
	FIXUP(map_sockhash);
	FIXUP(map_xskmap);
	FIXUP(map_stacktrace);
	FIXUP(prog1);
	FIXUP(prog2);
	FIXUP(map_in_map);
	FIXUP(cgroup_storage);
	FIXUP(percpu_cgroup_storage);
	FIXUP(map_spin_lock);
	FIXUP(map_array_ro);
	FIXUP(map_array_wo);
	FIXUP(map_array_small);
	FIXUP(sk_storage_map);
	FIXUP(map_event_output);
	FIXUP(map_reuseport_array);
	FIXUP(map_ringbuf);
	FIXUP(map_timer);
	FIXUP(map_kptr);
#undef FIXUP
	putchar('}');
	separator = ",";
}

static void kfuncs(const struct kfunc_btf_id_pair *pair)
{
	if (!pair->kfunc)
		return;
	field("kfuncs");
	for (const char *before = "["; pair->kfunc; pair++, before = ",")
		printf("%s{\"name\":\"%s\",\"slot\":%d}", before, pair->kfunc, pair->insn_idx);
	putchar(']');
}

static void print_case(struct bpf_test *test)
{
	struct bpf_insn *insns = test->insns;
	int count, types = 0;

	if (test->fill_helper) {
		insns = test->fill_insns = calloc(MAX_TEST_INSNS, sizeof(*insns));
		test->fill_helper(test);
		count = test->prog_len;
	} else {
		count = probe_filter_length(insns);
	}
	while (types < MAX_BTF_TYPES && test->btf_types[types] != BTF_END_RAW)
		types++;

	separator = "";
	putchar('{');
	text("name", test->descr);
	number("type", test->prog_type ? test->prog_type : BPF_PROG_TYPE_SOCKET_FILTER);
	number("attachType", test->expected_attach_type);
	text("attachTo", test->kfunc);
	number("flags", test->flags);
	number("expected", test->result);
	text("message", test->errstr);
	bytes("insns", insns, count * sizeof(*insns));
	fixups(test);
	kfuncs(test->fixup_kfunc_btf_id);
	bytes("funcInfo", test->func_info, test->func_info_cnt * sizeof(test->func_info[0]));
	if (test->btf_types[0]) {
		bytes("btfTypes", test->btf_types, types * sizeof(test->btf_types[0]));
		bytes("btfStrings", test->btf_strings, sizeof(test->btf_strings));
	}
	printf("}\n");
	free(test->fill_insns);
}

/* The types that maps with locks, timers and pointers of the kernel have. */
static void print_map_types(void)
{
	separator = "";
	putchar('{');
	bytes("btfTypes", btf_raw_types, sizeof(btf_raw_types));
	bytes("btfStrings", btf_str_sec, sizeof(btf_str_sec));
	printf("}\n");
}

int main(void)
{
	print_map_types();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		print_case(&tests[i]);
	return 0;
}
