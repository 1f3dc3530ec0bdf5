// Records which library functions the addon calls on a process's first thread, the JavaScript
// thread: an auditor of the dynamic linker, see rtld-audit(7), for LD_AUDIT. Each call site once,
// as a line of the file $CAIO_AUDIT: the function's name, the number given to `syscall` or -1, the
// offset in the addon, and the addon.
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static const char addon_name[] = "caio.node";
static struct link_map *addon;
// Call sites already recorded.
static unsigned char noted[1 << 20];

unsigned la_version(unsigned version UNUSED) { return LAV_CURRENT; }

unsigned la_objopen(struct link_map *map, Lmid_t space UNUSED, uintptr_t *cookie UNUSED) {
  const size_t length = strlen(map->l_name), end = sizeof addon_name - 1;
  if (length < end || strcmp(map->l_name + length - end, addon_name) != 0) return LA_FLG_BINDTO;
  addon = map;
  return LA_FLG_BINDFROM;
}

// Without this function, the linker does not report calls of the symbol.
uintptr_t la_symbind64(Elf64_Sym *symbol, unsigned index UNUSED, uintptr_t *from UNUSED, uintptr_t *to UNUSED,
                       unsigned *flags UNUSED, const char *name UNUSED) {
  return symbol->st_value;
}

static void note(const char *name, long number, uintptr_t site) {
  const char *path = getenv("CAIO_AUDIT");
  const int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
  if (file < 0) return;
  char line[4200];
  const int length = snprintf(line, sizeof line, "%s %ld %lx %s\n", name, number, (unsigned long)site, addon->l_name);
  // A missing line would be an unseen call.
  if (write(file, line, length) != length) _exit(99);
  close(file);
}

Elf64_Addr la_x86_64_gnu_pltenter(Elf64_Sym *symbol, unsigned index UNUSED, uintptr_t *from UNUSED,
                                  uintptr_t *to UNUSED, La_x86_64_regs *registers, unsigned *flags UNUSED,
                                  const char *name, long *frame UNUSED) {
  if (syscall(SYS_gettid) != getpid()) return symbol->st_value;
  const uintptr_t site = *(const uintptr_t *)registers->lr_rsp - addon->l_addr;
  if (site < sizeof noted && noted[site]) return symbol->st_value;
  if (site < sizeof noted) noted[site] = 1;
  note(name, strcmp(name, "syscall") == 0 ? (long)registers->lr_rdi : -1, site);
  return symbol->st_value;
}
