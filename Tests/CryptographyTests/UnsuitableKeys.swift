/// Keys that must be refused, made once with `openssl genpkey`; nobody uses them.
enum UnsuitableKeys {
    /// RSA of 1024 bits.
    static let rsa1024 = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgLP3B86AxPYqnlwOWsvoxX47L
        9WnQckWPFUendzmJAGuJW2iVD91DsL44UHrV/XoxBFxx1w4tXFhGvHIVqqDQOveg
        A01pB4E0KHAwXR6xxmSDuKDTBTg6dQmJQGJV561kDKK8O/Edgs6OEDBqbTJ/rOIV
        ij+vaobN4JSGVhScnQIDAQAB
        -----END PUBLIC KEY-----
        """

    /// RSA of 2048 bits with the public exponent 3.
    static let rsaExponent3 = """
        -----BEGIN PUBLIC KEY-----
        MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEA2D96OmY4CoKybQqPVnxr
        35vbxpDDW6zacDmSRx2Kjda60CM3QS6hL9h/pKsxp/cakQ1o5HGN2H9L7Va4uYKj
        ScNLaIAxbb6lAxq49VLuu0BlKsFcGmo+8RCBm/6Szh38+69SO36KxYvEzhbouwjn
        99fqLU+3HoBTCoEzN0hXEFY+bxtsD3b1vegXUP0SdS9+lHVOgDgTVIw6sppDKRYc
        g+MiWNQ02wqHDdnvfV+F72WymS6Bl7fK1OcxW0PdDnOoYEjH2W1NmdN16w519pyk
        aEruD/413+3QtmKO6I77fYhH2MGVic8LvuCWPI3ULho9ozwYRjCR7yy860u21po3
        OQIBAw==
        -----END PUBLIC KEY-----
        """

    /// RSA of 2048 bits with a public exponent of 66 bits.
    static let rsaLongExponent = """
        -----BEGIN PUBLIC KEY-----
        MIIBKDANBgkqhkiG9w0BAQEFAAOCARUAMIIBEAKCAQEAwYsMFYX41Xk3VpJXiqT6
        oggqTJwf4gBR142jUd7dxOoRs2h4U8zWrZMNXTDR1XuvxGyKohxaZLi3BOJp1ulY
        X1r/n2XFf57sRQKCWX5BUlDtQpjUaxUlNLwxxEXmi8IUWaj6F5WCFi7tyn7mlEtV
        aRZcg3MZntYRKtyHurLGjQkUlVoZ33GB7FefQnxttnA4xjLHOWoxl8xqeS1EptAd
        K3PxNjL9oQrpVQLptl2uK5LE8s6lz51FOpdvDXwAcThnattE4YNACdTCg+oHnyml
        BX4nwIGbC0Vw/PXOQTyujML12us4y7Kl5avw6lQm8DKnJd4VNH2dydWVcRHKgAms
        hwIJAgAAAAAAAAAF
        -----END PUBLIC KEY-----
        """

    /// A key that may sign RSASSA-PSS only.
    static let rsaPSS = """
        -----BEGIN PUBLIC KEY-----
        MIIBIDALBgkqhkiG9w0BAQoDggEPADCCAQoCggEBANXe3gOSacjI1LK17g6hq/yv
        M5l+ra0cREZj3oOl1ZsKxMwfZpZld1pRX5YCK3aoM+IY88I2538Y4A/rCH4T2oS6
        +eozUzUxvpGNidJOdehjgt999ukpddASFY5bPYEk9Gc9nNcf2I1rrZ8nozZb1j8Q
        R8o4kFznQ5DV4hKpVw4Mhf6+8XiQ98jPC9Z6pDkTmpfFR7GTHRkSlXNofYz+rnmJ
        8Zr9ff0JKg1zKarYFAeqoIsL6O9aHAwTCpMavzaZklgPEdp5bZ0OyUyyRnK4IjwO
        8IKzqEwQBArp0tGhGFMAqOWXnzI0gWJnltWB3qv8qv6xGf2Nv7216FL79cDwTZUC
        AwEAAQ==
        -----END PUBLIC KEY-----
        """

    /// A key on P-256.
    static let ellipticCurve = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhmpGbD186NjTi9kUY0oHvN43ZYf4
        8bu2n0vMmE6dfBeEcXVjyinba6PTlRlhiTk3Q5xWf50yNVDkZGXQu7Zuug==
        -----END PUBLIC KEY-----
        """

    /// A private key under a password.
    static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiX9jY+HkKuIgICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEDiGIJsO4ZymR9nuiYcv1BsEgZA1
        q9y9bLz81UR5G0NkfT7j2jiTyK9M585wyon2v1qJ+mvWVshJo6gIXH+4Dg7sGjBV
        vThy5fT1ny5bRUR6CO5jtSnge4QF2PSMlF4vcLPIk+av/jqC2GZHPHwJ69ppeDSS
        /JJp1HDX2D21ibxheg1pM66na44xyDeSplrhz997IN3Yqw1rYaVSYQsm4vAtfpg=
        -----END ENCRYPTED PRIVATE KEY-----
        """
}
