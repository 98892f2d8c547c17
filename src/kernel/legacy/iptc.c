/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "iptc.h"

#include <errno.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <stdio.h>
#include <string.h>
#include <xtables.h>

#include "diag.h"
#include "library.h"

/*
 * The two libraries, loaded when the first table is opened: few hosts have any. Their functions
 * take entries of different types.
 */
#define LIBRARY(prefix, name)                                                                    \
	static struct library prefix##_library = {                                               \
		.file = (name), .purpose = "read tables of ip_tables",                           \
	};                                                                                       \
	static struct {                                                                          \
		__typeof__(&prefix##_first_rule) first_rule;                                     \
		__typeof__(&prefix##_next_rule) next_rule;                                       \
		__typeof__(&prefix##_get_target) get_target;                                     \
		__typeof__(&prefix##_insert_entry) insert_entry;                                 \
		__typeof__(&prefix##_delete_num_entry) delete_num_entry;                         \
		__typeof__(&prefix##_delete_chain) delete_chain;                                 \
	} prefix##_calls;                                                                        \
                                                                                                 \
	static bool prefix##_load(struct iptc *iptc)                                             \
	{                                                                                        \
		return (iptc->ops = library_symbol(&prefix##_library, #prefix "_ops")) &&        \
		       LOAD(prefix, first_rule) && LOAD(prefix, next_rule) &&                    \
		       LOAD(prefix, get_target) && LOAD(prefix, insert_entry) &&                 \
		       LOAD(prefix, delete_num_entry) && LOAD(prefix, delete_chain);             \
	}
#define LOAD(prefix, name) \
	(prefix##_calls.name = library_symbol(&prefix##_library, #prefix "_" #name))

LIBRARY(iptc, LIBRARY_IP4TC)
LIBRARY(ip6tc, LIBRARY_IP6TC)

/* The functions whose types depend on the family's entry. */
#define ENTRY_FUNCTIONS(prefix, entry_type)                                                      \
	static const void *prefix##_first(const char *chain, struct xtc_handle *handle)          \
	{                                                                                        \
		return prefix##_calls.first_rule(chain, handle);                                         \
	}                                                                                        \
	static const void *prefix##_next(const void *previous, struct xtc_handle *handle)        \
	{                                                                                        \
		return prefix##_calls.next_rule(previous, handle);                                       \
	}                                                                                        \
	static const char *prefix##_target(const void *entry, struct xtc_handle *handle)         \
	{                                                                                        \
		return prefix##_calls.get_target(entry, handle);                                         \
	}                                                                                        \
	static size_t prefix##_size(const void *entry)                                           \
	{                                                                                        \
		return ((const entry_type *)entry)->next_offset;                                 \
	}                                                                                        \
	static int prefix##_insert(const xt_chainlabel chain, const void *entry,                 \
				   unsigned int index, struct xtc_handle *handle)                \
	{                                                                                        \
		return prefix##_calls.insert_entry(chain, entry, index, handle);                         \
	}                                                                                        \
	static int prefix##_delete(const xt_chainlabel chain, unsigned int index,                \
				   struct xtc_handle *handle)                                    \
	{                                                                                        \
		return prefix##_calls.delete_num_entry(chain, index, handle);                            \
	}                                                                                        \
	static int prefix##_drop_chain(const xt_chainlabel chain, struct xtc_handle *handle)     \
	{                                                                                        \
		return prefix##_calls.delete_chain(chain, handle);                                       \
	}

ENTRY_FUNCTIONS(iptc, struct ipt_entry)
ENTRY_FUNCTIONS(ip6tc, struct ip6t_entry)

#define FAMILY(prefix, names, kernel_module)                                                     \
	{                                                                                        \
		.names_file = (names), .module = (kernel_module),                                \
		.how_to_load = "; the kernel has not loaded them: run 'modprobe " kernel_module  \
			       "', or use --backend=nft",                                        \
		.first_rule = prefix##_first, .next_rule = prefix##_next,                        \
		.target = prefix##_target, .entry_size = prefix##_size,                          \
		.insert_rule = prefix##_insert, .delete_rule = prefix##_delete,                  \
		.delete_chain = prefix##_drop_chain,                                             \
	}

struct iptc iptc_families[FAMILY_COUNT] = {
	[FAMILY_IPV4] = FAMILY(iptc, "/proc/net/ip_tables_names", "ip_tables"),
	[FAMILY_IPV6] = FAMILY(ip6tc, "/proc/net/ip6_tables_names", "ip6_tables"),
};

bool iptc_label(xt_chainlabel label, const char *name)
{
	size_t length = strlen(name);

	if (length >= sizeof(xt_chainlabel))
		return false;
	memset(label, 0, sizeof(xt_chainlabel));
	memcpy(label, name, length + 1);
	return true;
}

int iptc_registered(enum family family, const char *table)
{
	const char *path = iptc_families[family].names_file;
	FILE *file = fopen(path, "re");
	int found = 0;
	char line[64];

	/* Without the file there is no module, and so no table. */
	if (!file && errno == ENOENT)
		return 0;
	if (!file) {
		diag_error("cannot open '%s': %s%s", path, strerror(errno),
			   errno == EACCES || errno == EPERM ? "; run as root" : "");
		return -1;
	}
	while (!found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strcmp(line, table);
	}
	if (ferror(file)) {
		diag_error("cannot read '%s': %s", path, strerror(errno));
		found = -1;
	}
	fclose(file);
	return found;
}

/* What the operator can do about an errno of the library's init(). */
static const char *iptc_hint(const struct iptc *iptc, int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return "; run as root (CAP_NET_ADMIN)";
	case ENOENT:
		return "; this kernel has no such table, use --backend=nft";
	case ENOPROTOOPT:
		return iptc->how_to_load;
	default:
		return "";
	}
}

struct xtc_handle *iptc_open(enum family family, const char *table, bool load)
{
	struct iptc *iptc = &iptc_families[family];
	struct xtc_handle *handle;

	if (!iptc->ops && !(family == FAMILY_IPV4 ? iptc_load(iptc) : ip6tc_load(iptc)))
		return NULL;
	errno = 0;
	handle = iptc->ops->init(table);
	/* The kernel loads a table's module by itself, but not the module that all of them
	 * need. The second try shows whether modprobe succeeded. */
	if (!handle && errno == ENOPROTOOPT && load) {
		xtables_insmod(iptc->module, NULL, true);
		errno = 0;
		handle = iptc->ops->init(table);
	}
	if (handle)
		return handle;
	/* The library's parser of a table fails without an errno. */
	diag_error("cannot read the %s table '%s' of ip_tables: %s%s", family_name(family), table,
		   errno ? strerror(errno) : "libiptc does not know its layout",
		   iptc_hint(iptc, errno));
	return NULL;
}
