#pragma once
#include <vips/vips.h>
#include <vips/vector.h>

/* Swift cannot call variadic C functions: each function here gives one libvips call a fixed argument list. */

/* Names the colour interpretation, which an image made from bare memory does not have. */
static inline int collimator_vips_interpret(VipsImage *in, VipsImage **out, VipsInterpretation interpretation) {
    return vips_copy(in, out, "interpretation", interpretation, NULL);
}

/* Scales each axis by its own factor, so that the caller decides the exact size. A "gap" of zero forgoes the box shrink
 * before large reductions, which was measured to be three times slower than the kernel alone. */
static inline int collimator_vips_resize(VipsImage *in, VipsImage **out, double horizontal, double vertical,
                                         VipsKernel kernel) {
    return vips_resize(in, out, horizontal, "vscale", vertical, "kernel", kernel, "gap", 0.0, NULL);
}

/* The picture in a file, by its content. */
static inline VipsImage *collimator_vips_load(const void *bytes, size_t length) {
    return vips_image_new_from_buffer(bytes, length, "", NULL);
}

/* The picture in a file, by its content, read row by row as it is needed; what is damaged or cut off is an error. */
static inline VipsImage *collimator_vips_open(const void *bytes, size_t length) {
    return vips_image_new_from_buffer(bytes, length, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                      VIPS_FAIL_ON_ERROR, NULL);
}

/* A part of the picture. */
static inline int collimator_vips_crop(VipsImage *in, VipsImage **out, int left, int top, int width, int height) {
    return vips_extract_area(in, out, left, top, width, height, NULL);
}

/* Eight bits of grey, or of red, green and blue. */
static inline int collimator_vips_colour(VipsImage *in, VipsImage **out, VipsInterpretation interpretation) {
    return vips_colourspace(in, out, interpretation, NULL);
}

/* What shows through is put on black. */
static inline int collimator_vips_flatten(VipsImage *in, VipsImage **out) {
    return vips_flatten(in, out, NULL);
}

/* Baseline JPEG without metadata. */
static inline int collimator_vips_jpeg(VipsImage *in, void **bytes, size_t *length, int quality) {
    return vips_jpegsave_buffer(in, bytes, length, "Q", quality, "strip", TRUE, NULL);
}

/* PNG without metadata, one row filter instead of the search for the best. */
static inline int collimator_vips_png(VipsImage *in, void **bytes, size_t *length, int compression) {
    return vips_pngsave_buffer(in, bytes, length, "compression", compression, "filter",
                               VIPS_FOREIGN_PNG_FILTER_SUB, "strip", TRUE, NULL);
}

/* Lossy WebP without metadata. */
static inline int collimator_vips_webp(VipsImage *in, void **bytes, size_t *length, int quality, int effort) {
    return vips_webpsave_buffer(in, bytes, length, "Q", quality, "effort", effort, "strip", TRUE, NULL);
}

/* g_object_unref is a macro on a typed pointer. */
static inline void collimator_vips_release(VipsImage *image) {
    g_object_unref(image);
}

/* libvips reports through GLib's log, whose default is to print; the text may hold what was given. */
static inline void collimator_vips_swallow(const gchar *domain, GLogLevelFlags level, const gchar *text,
                                           gpointer context) {
    (void) domain; (void) level; (void) text; (void) context;
}

/* A function pointer to a static inline function cannot be taken in Swift. */
static inline void collimator_vips_silence(void) {
    g_log_set_handler("VIPS", (GLogLevelFlags) (G_LOG_LEVEL_MASK | G_LOG_FLAG_RECURSION), collimator_vips_swallow,
                      NULL);
}

/* VIPS_INIT is a macro that also checks that the library is the one that was compiled against. */
static inline int collimator_vips_start(void) {
    return VIPS_INIT("collimator");
}
