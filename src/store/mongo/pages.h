// Pages of blocks, made of documents. Any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "store/archive.h"
#include "store/mongo/document.h"

namespace gavel::store::mongo {

// How many documents to ask for where a page of so many bytes is wanted.
std::size_t page_messages(std::size_t bytes_max);

// Whether something may be missing between `after` and the last document.
bool has_jump(const std::vector<MessageDocument>& documents, MessageId after);

// Both are in the order of their ids. Of `more` only what lies before the last of `into` is taken,
// all where `into` is empty: what comes behind that is the next page's.
void merge(std::vector<MessageDocument>& into, std::vector<MessageDocument> more);

// The blocks up to the first hole. A document that is damaged, or stands twice with another text,
// is a failure where nothing stands before it, else the page ends there.
Archived<ArchivePage> page_of(const std::vector<MessageDocument>& documents, std::size_t bytes_max);

}  // namespace gavel::store::mongo
