/// The cause of errors that say that a file holds no sound database, or none of ours: waiting does not help, but a file that
/// can be made anew can be put aside.
package struct DatabaseDamage: Error {
    package init() {}
}
