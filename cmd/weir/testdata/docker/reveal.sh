#!/bin/sh
# Prints what a program finds in its container: NAME = VALUE, a line each.

self=$(cat /proc/self/status) # of a program with no signal handlers of its own
mask=$(umask)
say() { printf '%s = %s\n' "$1" "$2"; }
text() { say "$1" "$(sed -e 's/$/\\n/' "$2" 2>&1 | tr -d '\n')"; }

awk '{
	for (i = 7; $i != "-"; i++) tags = tags " " $i
	name = "mount " $5
	if (seen[name]++) name = name " (" seen[name] ")"
	print name " = " $(i+1) " " $(i+2) ", root " $4 ", " $6 ", " $(i+3) tags
	tags = ""
}' /proc/self/mountinfo

for f in /dev/* /dev/pts/*; do
	if [ -L "$f" ]; then say "$f" "-> $(readlink "$f")"; else say "$f" "$(stat -c '%A %u:%g %t:%T' "$f")"; fi
done
for f in / /.dockerenv /dev /proc /sys /sys/fs/cgroup /dev/shm /dev/mqueue /dev/pts /etc /etc/hosts /etc/hostname /etc/resolv.conf /tmp "$PWD"; do
	say "ls $f" "$(stat -c '%A %u:%g' "$f" 2>&1)"
done
for d in / /sys/fs/cgroup; do say "entries of $d" "$(ls -A "$d" | tr '\n' ' ')"; done

echo "$self" | awk -F ':\t' '$1 !~ /^(Name|State|Tgid|Ngid|Pid|PPid|NStgid|NSpid|NSpgid|NSsid|Vm.*|Rss.*|Hugetlb.*|.*ctxt_switches|FDSize|SigQ|Kthread)$/ { print "status " $1 " = " $2 }'
awk 'NR > 1 { name = substr($0, 1, 25); sub(/ +$/, "", name); print "limit " name " = " substr($0, 27, 20) substr($0, 48, 20) }' /proc/self/limits
env | sort | while IFS= read -r line; do say "env ${line%%=*}" "${line#*=}"; done
say umask "$mask"
say pwd "$(pwd)"
say hostname "$(hostname)"
for f in /etc/hosts /etc/hostname /etc/resolv.conf; do text "$f" $f; done

for fd in 0 1 2 3 4 5 6 7 8 9; do [ ! -e /proc/1/fd/$fd ] || say "fd $fd" "$(readlink /proc/1/fd/$fd)"; done
say "pid 1" "$(awk '{ sub(/.*\) . /, ""); print "parent " $1 ", group " $2 ", session " $3 ", terminal " $4 ", foreground " $5 ", priority " $15 ", nice " $16 }' /proc/1/stat)"
say "pid 1 arguments" "$(tr '\0' ' ' < /proc/1/cmdline)"
for f in oom_score_adj coredump_filter loginuid sessionid personality; do say "$f" "$(cat /proc/self/$f 2>&1)"; done
for n in cgroup ipc mnt net pid time user uts; do say "namespace $n" "$(readlink /proc/self/ns/$n)"; done
for f in uid_map gid_map setgroups; do say "$f" "$(cat /proc/self/$f)"; done
while IFS=: read -r _ controllers path; do say "cgroup $controllers" "$path"; done < /proc/self/cgroup

for f in acpi asound bus fs interrupts irq kcore keys latency_stats sched_debug scsi sysrq-trigger timer_list timer_stats; do
	say "/proc/$f" "$(stat -c %F /proc/$f 2>&1), $(head -c 1 /proc/$f 2>&1 | wc -c) bytes"
done
for f in /proc/sysrq-trigger /proc/irq/default_smp_affinity /proc/sys/kernel/hostname /proc/sys/kernel/core_pattern /sys/kernel/mm/transparent_hugepage/enabled /sys/firmware /sys/devices/virtual/powercap; do
	say "write $f" "$( (: >> $f) 2>&1)"
done
for f in net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range kernel/shmmax kernel/msgmax fs/mqueue/msg_max net/ipv4/ip_forward net/core/somaxconn; do
	say "sysctl $f" "$(cat /proc/sys/$f 2>&1)"
done
cd /sys/fs/cgroup
say "limit of memory" "$(cat memory.max memory/memory.limit_in_bytes 2>/dev/null)"
say "limit of memory and swap" "$(cat memory.swap.max memory/memory.memsw.limit_in_bytes 2>/dev/null)"
say "limit of processors" "$(cat cpu.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us 2>/dev/null | tr '\n' ' ')"
say "limit of processes" "$(cat pids.max pids/pids.max 2>/dev/null)"
say links "$(ip -o link 2>&1 | sed 's/link.*//' | tr '\n' ' ')"
say addresses "$(ip -o addr 2>&1 | awk '{ print $2, $4 }' | tr '\n' ' ')"
[ ! -t 0 ] || { say tty "$(tty)"; say stty "$(stty -a 2>/dev/null | tr '\n' ' ')"; say controlling "$( (: > /dev/tty) 2>&1 && echo yes)"; }
