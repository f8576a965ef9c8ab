/* Functions that programs may call without a declaration; each is compiled only where it is called. */
static inline unsigned int bpf_log2(unsigned int v)
{
	unsigned int log = 0;
	if (v >= 1 << 16) {
		log += 16;
		v >>= 16;
	}
	if (v >= 1 << 8) {
		log += 8;
		v >>= 8;
	}
	if (v >= 1 << 4) {
		log += 4;
		v >>= 4;
	}
	if (v >= 1 << 2) {
		log += 2;
		v >>= 2;
	}
	return log + (v >> 1);
}

static inline unsigned int bpf_log2l(unsigned long v)
{
	unsigned int high = v >> 32;
	return high ? bpf_log2(high) + 33 : bpf_log2(v) + 1;
}

static inline int ilog2(unsigned long v)
{
	return bpf_log2l(v) - 1;
}

static inline int __ilog2_u32(unsigned int v)
{
	return bpf_log2(v);
}

static inline int __ilog2_u64(unsigned long v)
{
	return bpf_log2l(v) - 1;
}

static inline unsigned long roundup_pow_of_two(unsigned long v)
{
	return v < 2 ? 1 : 1UL << bpf_log2l(v - 1);
}

static inline unsigned __int128 bpf_hton128(unsigned __int128 v)
{
	return (unsigned __int128)__builtin_bswap64(v) << 64 | __builtin_bswap64(v >> 64);
}

static inline unsigned __int128 bpf_ntoh128(unsigned __int128 v)
{
	return (unsigned __int128)__builtin_bswap64(v) << 64 | __builtin_bswap64(v >> 64);
}

static inline u64 load_dword(void *skb, u64 offset)
{
	return load_word(skb, offset) << 32 | load_word(skb, offset + 4);
}

static inline u64 bpf_dext_pkt(void *packet, u64 offset, u64 skip, u64 bits)
{
	u64 end = skip + bits;
	if (end <= 8)
		return load_byte(packet, offset) >> (8 - end) & MASK(bits);
	if (end <= 16)
		return load_half(packet, offset) >> (16 - end) & MASK(bits);
	if (end <= 32)
		return load_word(packet, offset) >> (32 - end) & MASK(bits);
	return load_dword(packet, offset) >> (64 - end) & MASK(bits);
}

static inline void bpf_dins_pkt(void *packet, u64 offset, u64 skip, u64 bits, u64 value)
{
	u64 end = skip + bits;
	u64 width = end <= 8 ? 1 : end <= 16 ? 2 : end <= 32 ? 4 : 8;
	u64 shift = width * 8 - end;
	u64 all = value;
	if (bits != width * 8)
		all = (bpf_dext_pkt(packet, offset, 0, width * 8) & ~(MASK(bits) << shift)) | (value & MASK(bits)) << shift;
	all = bpf_htonll(all << (64 - width * 8));
	bpf_skb_store_bytes(packet, offset, &all, width, 0);
}
