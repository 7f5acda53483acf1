// A process under a filter of libseccomp's: it loads it, says so, and waits.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	if (!c ||
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(kcmp), 0) ||
	    // PROT_WRITE and PROT_EXEC
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, 6, 6)) ||
	    // more than 4 GiB
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(EFBIG), SCMP_SYS(lseek), 1, SCMP_A1(SCMP_CMP_GT, 0x100000000)) ||
	    // an int, of which libseccomp compares 64 bits
	    seccomp_rule_add(c, SCMP_ACT_TRAP, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, 38)) ||
	    seccomp_load(c)) {
		fprintf(stderr, "libseccomp: cannot load the filter\n");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	pause();
}
