import CollimatorCore
import Testing

@testable import AccessControl

@Suite("A plan for an IAM policy")
struct IAMPlanTests {
    private let viewer = "roles/healthcare.dicomViewer"
    private let editor = "roles/healthcare.dicomEditor"

    private func grant(_ role: String, _ name: String) -> IAMGrant {
        IAMGrant(role: role, member: "user:\(name)@example.org")
    }

    private func binding(_ role: String, _ names: String..., when expression: String? = nil) -> IAMBinding {
        IAMBinding(
            role: role,
            members: names.map { "user:\($0)@example.org" },
            condition: expression.map { IAMCondition(expression: $0) }
        )
    }

    @Test("adds what is missing, removes what was ours, and leaves the rest")
    func difference() {
        let policy = IAMPolicy(
            etag: "e",
            bindings: [self.binding(self.viewer, "kept", "old", "stranger"), self.binding("roles/owner", "boss")]
        )
        let plan = IAMPlan(
            desired: [self.grant(self.viewer, "kept"), self.grant(self.viewer, "new"), self.grant(self.editor, "new")],
            applied: [
                self.grant(self.viewer, "kept"), self.grant(self.viewer, "old"), self.grant(self.viewer, "gone"),
            ],
            policy: policy
        )
        #expect(plan.additions == [self.grant(self.editor, "new"), self.grant(self.viewer, "new")])
        #expect(plan.removals == [self.grant(self.viewer, "old")])
        #expect(plan.kept == [self.grant(self.viewer, "kept")])
        #expect(plan.foreign == [self.grant(self.viewer, "stranger"), self.grant("roles/owner", "boss")])
        let after = plan.applied(to: policy)
        #expect(after.etag == "e")
        #expect(
            after.bindings == [
                self.binding(self.viewer, "kept", "stranger", "new"), self.binding("roles/owner", "boss"),
                self.binding(self.editor, "new"),
            ]
        )
    }

    @Test("does nothing the second time")
    func idempotence() {
        let desired: Set = [self.grant(self.viewer, "a"), self.grant(self.editor, "b")]
        let before = IAMPolicy(bindings: [self.binding(self.viewer, "x")])
        let after = IAMPlan(desired: desired, applied: [], policy: before).applied(to: before)
        let again = IAMPlan(desired: desired, applied: desired, policy: after)
        #expect(again.isEmpty)
        #expect(again.applied(to: after) == after)
        #expect(!IAMPlan(desired: [], applied: desired, policy: after).isEmpty)
    }

    @Test("touches no binding with a condition, and takes none for a grant")
    func conditions() {
        let conditional = self.binding(self.viewer, "a", when: "request.time < timestamp('2030-01-01T00:00:00Z')")
        let policy = IAMPolicy(version: 3, bindings: [conditional])
        let grant = self.grant(self.viewer, "a")
        let addition = IAMPlan(desired: [grant], applied: [], policy: policy)
        #expect(addition.additions == [grant])
        #expect(addition.applied(to: policy).bindings == [conditional, self.binding(self.viewer, "a")])
        let removal = IAMPlan(desired: [], applied: [grant], policy: policy)
        #expect(removal.isEmpty)
        #expect(removal.applied(to: policy) == policy)
    }

    @Test("leaves no role without members, but one that was so before")
    func emptied() {
        let empty = self.binding(self.editor)
        let policy = IAMPolicy(bindings: [self.binding(self.viewer, "a"), empty])
        let plan = IAMPlan(desired: [], applied: [self.grant(self.viewer, "a")], policy: policy)
        #expect(plan.applied(to: policy).bindings == [empty])
    }
}
