# Second program of the guest, process 1 over the host's files: mounts what the kernel offers, runs the command, says how it ended.
b=/run/skep/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t tracefs tracefs /sys/kernel/tracing
$b mount -t debugfs debugfs /sys/kernel/debug
$b mount -t securityfs securityfs /sys/kernel/security
$b mount -t bpf bpf /sys/fs/bpf
$b mount -t cgroup2 cgroup2 /sys/fs/cgroup
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs shm /dev/shm
$b ln -sf /proc/self/fd /dev/fd
$b hostname guest
$b ip link set lo up
run=$($b sed -n 's/.*skep\.run=\([^ ]*\).*/\1/p' /proc/cmdline)

# The kernel calls this when a program wants something that is a module (a veth pair, a clsact qdisc).
release=$($b uname -r)
$b mkdir -p "/lib/modules/$release"
$b mount --bind "$run/modules" "/lib/modules/$release"
printf '#!/run/skep/busybox sh\nexec /run/skep/busybox modprobe "$@"\n' >/run/skep/modprobe
$b chmod +x /run/skep/modprobe
echo /run/skep/modprobe >/proc/sys/kernel/modprobe

$b mkdir -p /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
	read -r name <"$port/name"
	$b ln -s "/dev/${port##*/}" "/dev/virtio-ports/$name"
done

# Control: the host says "ready", then names of signals for the command; when it goes away, so does the guest.
exec 3<>/dev/virtio-ports/control
until read -r word <&3; do $b sleep 0.05; done
{
	while read -r signal <&3; do kill "-$signal" -- "-$($b cat /run/skep/pid)"; done
	$b reboot -f
} &
$b sh -c 'echo $$ >/run/skep/pid && exec /run/skep/busybox setsid /bin/sh "$0"' "$run/command" \
	</dev/virtio-ports/input >/dev/virtio-ports/output 2>/dev/virtio-ports/errors 3>&-
echo "exit $?" >&3
$b reboot -f
