#!/bin/sh
# A real systemd as the first process of namespaces of its own, over this machine's own files. Nothing that it changes
# stays: what is written goes to memory, the kernel's settings can only be read, and there is no network but loopback.
# Run as root by tests/service/machine.py: unshare … boot.sh FOLDER NAME=PATH…, each PATH being seen as /opt/ccd/NAME.
set -eu
folder=$1 root=$1/root
shift
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
for shared in "$@"; do
    mkdir -p "$root/opt/ccd/${shared%%=*}"
    mount --bind "${shared#*=}" "$root/opt/ccd/${shared%%=*}"
    mount -o remount,ro,bind "$root/opt/ccd/${shared%%=*}"
done
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for memory in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$memory"; done
chmod 1777 "$root/tmp"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
mkdir -m 1777 "$root/dev/shm" "$root/dev/mqueue"
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
cp -r "$root/opt/ccd/etc/." "$root/etc/"
install -m 755 "$root/opt/ccd/etc/program" -D "$root/opt/ccd/bin/ccd"
# No chroot: in one the kernel makes no namespace of users, which the service has (PrivateUsers).
cd "$root"
pivot_root . mnt
umount -l /mnt
mount --make-rshared / # what systemd lays out for a service, its secrets, it mounts from a namespace of its own
exec env -i container=ccd-test PATH="$PATH" /lib/systemd/systemd --system --unit=basic.target --show-status=no
