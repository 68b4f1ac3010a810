// The C face of the DICOM file reader: no C++ type, no exception and no borrowed memory passes through it.
//
// Every function is safe to call from any thread; one object is used by one thread at a time.
// Failures are numbers (a code, a tag, an offset); they never hold a value of the file.
#ifndef CDCMTK_H
#define CDCMTK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    CDCMTK_OK = 0,
    CDCMTK_NOT_DICOM = 1,
    CDCMTK_TRUNCATED = 2,
    CDCMTK_UNSUPPORTED_TRANSFER_SYNTAX = 3,
    CDCMTK_NO_PIXEL_DATA = 4,
    CDCMTK_FRAME_OUT_OF_RANGE = 5,
    CDCMTK_UNDECODABLE = 6,
    CDCMTK_TOO_LARGE = 7,
    CDCMTK_OUT_OF_MEMORY = 8,
    CDCMTK_IO = 9,
    CDCMTK_NO_SUCH_ELEMENT = 10,
    CDCMTK_INTERNAL = 11,
    CDCMTK_DISK_FULL = 12
};

/// Why a call failed. `tag` is 0 and `offset` is -1 where they say nothing.
typedef struct {
    int32_t code;
    uint32_t tag;
    int64_t offset;
} cdcmtk_failure;

/// An opened file and the index of its elements.
typedef struct cdcmtk_object cdcmtk_object;

/// Bytes owned by the caller until `cdcmtk_release`.
typedef struct {
    const uint8_t *bytes;
    size_t count;
    void *owner;
} cdcmtk_bytes;

/// Either a range of the opened file (`is_range`) or bytes.
typedef struct {
    bool is_range;
    int64_t offset;
    int64_t length;
    cdcmtk_bytes copied;
} cdcmtk_data;

/// An 8-bit picture, one or three channels interleaved, rows without padding.
typedef struct {
    int32_t width;
    int32_t height;
    int32_t channels;
    cdcmtk_bytes pixels;
} cdcmtk_raster;

/// What the image module of the file says; 0 where it says nothing.
typedef struct {
    int64_t number_of_frames;
    int32_t rows;
    int32_t columns;
    int32_t bits_allocated;
    int32_t samples_per_pixel;
    bool has_pixel_data;
    /// The UID as stated, else as found; a NUL at the end.
    char transfer_syntax[72];
} cdcmtk_summary;

/// Registers the codecs, reads the dictionary and silences the toolkit's logger; later calls do nothing.
void cdcmtk_start(void);

/// Opens and indexes a file; big values stay on disk. Null on failure.
cdcmtk_object *cdcmtk_open(const char *path, cdcmtk_failure *failure);
void cdcmtk_close(cdcmtk_object *object);
void cdcmtk_release(cdcmtk_bytes bytes);

void cdcmtk_summarise(cdcmtk_object *object, cdcmtk_summary *summary);

/// The values of one top-level element as UTF-8, each followed by a NUL; empty where there are none.
bool cdcmtk_strings(cdcmtk_object *object, uint32_t tag, cdcmtk_bytes *values, cdcmtk_failure *failure);

/// The DICOM JSON object (PS3.18 Annex F). `tags` null means every element, group 0002 included.
bool cdcmtk_json(
    cdcmtk_object *object, const uint32_t *tags, size_t tag_count, cdcmtk_bytes *text, cdcmtk_failure *failure);

/// The top-level tags that `cdcmtk_json` leaves out because their sequence is too large, as 32-bit numbers.
bool cdcmtk_dropped(cdcmtk_object *object, cdcmtk_bytes *tags, cdcmtk_failure *failure);

/// The unencoded, little-endian value at a path such as "7FE00010" or "00081140/0/7FE00010".
bool cdcmtk_bulk(cdcmtk_object *object, const char *path, cdcmtk_data *data, cdcmtk_failure *failure);

/// One frame, counted from 1. `transfer_syntax` null means as stored.
bool cdcmtk_frame(
    cdcmtk_object *object, int64_t number, const char *transfer_syntax, cdcmtk_data *data, cdcmtk_failure *failure);

/// One frame, counted from 1, windowed to 8 bits of grey or RGB.
bool cdcmtk_render(cdcmtk_object *object, int64_t number, cdcmtk_raster *raster, cdcmtk_failure *failure);

/// Writes the whole object in another transfer syntax to a new file at `path`.
bool cdcmtk_transcode(
    cdcmtk_object *object, const char *transfer_syntax, const char *path, cdcmtk_failure *failure);

/// Whether this object can be written in a transfer syntax, as far as its attributes tell.
bool cdcmtk_can_transcode(cdcmtk_object *object, const char *transfer_syntax);

#ifdef __cplusplus
}
#endif

#endif
