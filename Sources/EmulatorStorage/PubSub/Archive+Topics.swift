internal import CollimatorCore
internal import Persistence

extension Archive {
    /// Makes a topic.
    ///
    /// - Throws: `alreadyExists`.
    package func createTopic(_ name: PubSubName, body: [UInt8]) async throws(ArchiveError) {
        try await self.creating { connection in
            try connection.execute(
                "INSERT INTO topic (project, name, body) VALUES (?1, ?2, ?3)",
                [.text(name.project), .text(name.id), .blob(body)]
            )
        }
    }

    /// The topic, nil where there is none of the name.
    package func topic(_ name: PubSubName) async throws(ArchiveError) -> TopicRecord? {
        try await self.reading { connection in
            try connection.queryOne(
                "SELECT body FROM topic WHERE project = ?1 AND name = ?2",
                [.text(name.project), .text(name.id)]
            ).map { TopicRecord(name: name, body: try $0.blob(0)) }
        }
    }

    /// A part of the topics of a project, by name.
    package func topics(
        in project: String,
        pageSize: Int,
        after: String?
    ) async throws(ArchiveError) -> Page<TopicRecord> {
        let records = try await self.reading { connection in
            try connection.query(
                "SELECT name, body FROM topic WHERE project = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
                [.text(project), .text(after ?? ""), .integer(pageSize + 1)]
            ).compactMap { row in
                let name = PubSubName(project: project, id: try row.text(0))
                return try name.map { TopicRecord(name: $0, body: try row.blob(1)) }
            }
        }
        return Page(records, pageSize: pageSize) { $0.name.id }
    }

    /// Deletes a topic; its subscriptions stay, with what they hold.
    ///
    /// - Throws: `notFound`.
    package func deleteTopic(_ name: PubSubName) async throws(ArchiveError) {
        try await self.writing { connection in
            let count = try connection.execute(
                "DELETE FROM topic WHERE project = ?1 AND name = ?2",
                [.text(name.project), .text(name.id)]
            )
            guard count > 0 else { throw ArchiveError.notFound }
        }
    }

    /// Publishes messages and gives their numbers.
    ///
    /// - Throws: `notFound` where there is no such topic.
    package func publish(_ messages: [OutgoingMessage], to name: PubSubName) async throws(ArchiveError) -> [Int64] {
        let now = self.clock.now().microseconds
        let ids = try await self.writing { connection in
            let publication = Publication(connection: connection, nowMicroseconds: now)
            guard let topic = try publication.topic(name) else { throw ArchiveError.notFound }
            return try publication.publish(messages, to: topic)
        }
        self.bell.ring()
        return ids
    }
}
