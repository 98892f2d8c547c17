/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unjudged.h"

#include <stdlib.h>

#include "check_elsewhere.h"
#include "diag.h"
#include "dockerd_find.h"
#include "util.h"

int unjudged_read(struct unjudged *unjudged)
{
	struct docker_elsewhere elsewhere;

	*unjudged = (struct unjudged){ 0 };
	if (docker_elsewhere_find(&elsewhere))
		return -1;
	unjudged->elsewhere = elsewhere_text(&elsewhere);
	return 0;
}

void unjudged_clear(struct unjudged *unjudged)
{
	free(unjudged->elsewhere);
	*unjudged = (struct unjudged){ 0 };
}

void unjudged_warn(const struct unjudged *unjudged)
{
	if (unjudged->elsewhere)
		diag_warning("%s", unjudged->elsewhere);
}

json_t *unjudged_json(const struct unjudged *unjudged)
{
	json_t *array = json_made(json_array());

	if (unjudged->elsewhere)
		json_append_checked(array, json_text(unjudged->elsewhere));
	return array;
}
