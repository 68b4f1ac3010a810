import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOSSL

extension HTTPServerBuilder {
    /// HTTP/1.1, inside TLS where there is a certificate.
    static func http1(configuration: HTTP1Channel.Configuration, tls: TLSConfiguration?) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let plain = HTTP1Channel(responder: responder, configuration: configuration)
            guard let tls else { return ConnectionBound(base: plain) }
            return ConnectionBound(base: try TLSChannel(plain, tlsConfiguration: tls))
        }
    }
}
