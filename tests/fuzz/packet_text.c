/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include "diag.h"
#include "fuzz.h"
#include "packet.h"

/*
 * The argument of --trace: it is refused with one error, or it is a packet that can be:
 * from one known interface, of one family, with ports or an ICMP type where its protocol
 * has them. Blanks between the words make no difference.
 */

static struct netinfo info;

static void add_interface(const char *name, int index, bool six)
{
	struct netif *iface = netinfo_add_if(&info, name, index);

	iface->up = true;
	for (enum family family = 0; family <= (six ? FAMILY_IPV6 : FAMILY_IPV4); family++) {
		const char *text = family == FAMILY_IPV4 ? "198.51.100.1" : "2001:db8::1";
		enum family parsed;

		iface->has_addr[family] = addr_parse(text, &parsed, &iface->addr[family]);
		netinfo_add_route(&info, family, iface->addr[family],
				  8 * (unsigned int)family_addr_size(family), RTN_LOCAL, index);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	add_interface("ens3", 2, true);
	add_interface("docker0", 3, false);
	netinfo_add_if(&info, "tcp", 4); /* its name is a word, and it has no address */
	netinfo_sort(&info);
	return 0;
}

static void require_sound(const struct packet *packet)
{
	bool icmp = packet->proto == IPPROTO_ICMP || packet->proto == IPPROTO_ICMPV6;

	REQUIRE(packet->family == FAMILY_IPV4 || packet->family == FAMILY_IPV6, "%d", packet->family);
	REQUIRE(memchr(packet->in, '\0', sizeof(packet->in)), "the interface has no end");
	REQUIRE(netinfo_if(&info, packet->in), "no interface '%s'", packet->in);
	REQUIRE(packet->dst.lo == packet->dst.hi, "several destinations");
	REQUIRE(packet->sport.lo <= packet->sport.hi && packet->dport.lo <= packet->dport.hi, "ports");
	REQUIRE(!icmp || (packet->icmp_type.lo <= packet->icmp_type.hi && packet->icmp_type.hi <= 255 &&
			  packet->icmp_code.hi <= 255), "type");
}

/* The same words with other blanks; the caller frees it. */
static char *spread(const char *text)
{
	char *other = xcalloc(2 * strlen(text) + 3, 1);
	size_t n = 0;

	other[n++] = ' ';
	for (; *text; text++) {
		other[n++] = *text;
		if (*text == ' ')
			other[n++] = ' ';
	}
	other[n] = ' ';
	return other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet packet, again;
	addr_t src = 0, other_src = 0;
	char *text = xcalloc(1, size + 1), *other;
	int result;

	if (size)
		memcpy(text, data, size);
	other = spread(text);
	diag_setup(0, true);
	result = packet_parse(text, &info, &packet, &src);
	REQUIRE((result == 0) == (diag_error_count() == 0), "%d, %u errors", result, diag_error_count());
	REQUIRE(diag_error_count() <= 1, "%u errors", diag_error_count());
	diag_forget();
	REQUIRE(packet_parse(other, &info, &again, &other_src) == result, "'%s'", other);
	if (!result) {
		require_sound(&packet);
		REQUIRE(src == other_src && packet.proto == again.proto && packet.dst.lo == again.dst.lo &&
			packet.dport.lo == again.dport.lo && !strcmp(packet.in, again.in), "'%s'", other);
	}
	diag_forget();
	free(other);
	free(text);
	return 0;
}
