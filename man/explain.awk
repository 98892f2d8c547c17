# SPDX-License-Identifier: GPL-2.0-or-later
# Turns the section FINDINGS of dockfw-check(8) into the C array that --explain prints from:
# the man page is the only place where the findings are described.

function quoted(text) { gsub(/["\\?]/, "\\\\&", text); return text }

function is_mark(word) { return word ~ /^[.,;:)]$/ }

# The words of a macro line from the i-th on, as text. Punctuation joins what comes before it,
# and is outside of quotes and parentheses.
function words(i, n, w,    text, word, last, rest) {
	text = ""
	for (; i <= n; i++) {
		word = w[i]
		if (word == "Pq" || word == "Ql" || word == "Dq") {
			rest = ""
			for (last = n; is_mark(w[last]); last--) rest = w[last] rest
			return text (text == "" ? "" : " ") (word == "Pq" ? "(" : "'") words(i + 1, last, w) \
				(word == "Pq" ? ")" : "'") rest
		}
		if (word == "Fl") word = "-" w[++i]
		else if (word == "Xr") { word = w[i + 1] "(" w[i + 2] ")"; i += 2 }
		else if (word == "Nm" && (i == n || is_mark(w[i + 1]))) word = "dockfw-check"
		else if (word ~ /^(Nm|Ic|Sx|Pa|Va|Em|Ev|Cm|Ar)$/) continue
		text = text (text == "" || is_mark(word) ? "" : " ") word
	}
	return text
}

function put(text) { if (text != "") print "\t\"" quoted(text) "\\n\"" }

BEGIN { print "#include \"cmd_explain.h\"\n\nconst struct explanation explanations[] = {" }
/^\.Sh / { inside = $2 == "FINDINGS"; next }
!inside { next }
/^\.El/ { if (open) print "\t\"\" },"; open = 0; inside = 0; next }
/^\.It Ic / {
	if (open) print "\t\"\" },"
	open = 1
	print "{ \"" $3 "\", \"" $5 "\","
	next
}
!open { next }
/^\.Pp/ { print "\t\"\\n\""; next }
/^\.Po/ { held = "("; next }
/^\.Pc/ { put(")" substr($0, 4)); next }
{
	gsub(/\\\(dq/, "\""); gsub(/\\&/, "")
	if (sub(/^\./, "")) { n = split($0, w, " "); put(held words(1, n, w)) }
	else put(held $0)
	held = ""
}
END { print "};\nconst size_t explanations_n = sizeof(explanations) / sizeof(explanations[0]);" }
