#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

// The AE_IF… constants are macros with a cast in them: Swift does not see them.
static inline int collimator_entry_is_file(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFREG;
}
static inline int collimator_entry_is_directory(struct archive_entry *entry) {
    return archive_entry_filetype(entry) == AE_IFDIR;
}
static inline void collimator_entry_become_file(struct archive_entry *entry) {
    archive_entry_set_filetype(entry, AE_IFREG);
}

// LC_CTYPE_MASK is a macro with a shift in it: Swift does not see it.
static const int collimator_character_locale_mask = LC_CTYPE_MASK;
