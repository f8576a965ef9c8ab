/* Types of libbpf's own headers, and of user interfaces that the kernel's BTF may lack. Each is parsed when it is first named. */
enum libbpf_pin_type {
	LIBBPF_PIN_NONE_,
	LIBBPF_PIN_BY_NAME_,
};

enum libbpf_tristate {
	TRI_NO_ = 0,
	TRI_YES_ = 1,
	TRI_MODULE_ = 2,
};

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};
