/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpvitals-exporter/page.h"

#include <string.h>

/* Puts a file into the program, from the symbol NAME_begin to NAME_end. The compiler runs in the root of the sources.
 */
#define PUT_FILE(name, file)                                                                                           \
	__asm__(".section .rodata\n" #name "_begin:\n.incbin \"src/tcpvitals-exporter/page/" file "\"\n" #name         \
		"_end:\n.byte 0\n.previous\n");                                                                        \
	extern const char name##_begin[] __asm__(#name "_begin"), name##_end[] __asm__(#name "_end")

PUT_FILE(page_html, "page.html");
PUT_FILE(page_css, "page.css");
PUT_FILE(page_js, "page.js");

const struct page_file *page_find(const char *path)
{
	static struct page_file files[] = {
		{"/", "text/html; charset=utf-8", page_html_begin, 0},
		{"/page.css", "text/css; charset=utf-8", page_css_begin, 0},
		{"/page.js", "text/javascript; charset=utf-8", page_js_begin, 0},
	};

	files[0].length = (size_t)(page_html_end - page_html_begin);
	files[1].length = (size_t)(page_css_end - page_css_begin);
	files[2].length = (size_t)(page_js_end - page_js_begin);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!strcmp(files[i].path, path))
			return &files[i];
	}
	return NULL;
}
