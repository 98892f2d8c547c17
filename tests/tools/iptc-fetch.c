/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just a fetch of the filter table by libiptc, as a reference for the benchmark. */
#include <net/if.h>
#include <stdio.h>

#include <libiptc/libiptc.h>

int main(void)
{
	struct xtc_handle *handle = iptc_init("filter");

	if (!handle) {
		perror("iptc_init");
		return 1;
	}
	iptc_free(handle);
	return 0;
}
