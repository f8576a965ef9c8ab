#!/bin/busybox sh
# First program of the guest: loads the modules, puts the host's files under a layer of memory, and goes there.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
$b mkdir -p /host /layer /root
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose host /host
$b mount -t tmpfs layer /layer
$b mkdir -p /layer/upper /layer/work
$b mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /root
cd /root && $b mkdir -p proc sys dev run tmp
$b mount -t tmpfs run run
$b mkdir run/skep
$b cp /bin/busybox /stage2 run/skep
$b mount --move /dev dev
$b umount /proc
exec $b switch_root /root /run/skep/busybox sh /run/skep/stage2
