#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

// EVP_RSA_gen is a macro over a variadic function: Swift sees neither.
static inline EVP_PKEY *collimator_rsa_generate(unsigned int bits) {
    return EVP_RSA_gen(bits);
}

// BIO_get_mem_data is a macro over BIO_ctrl: Swift does not see it. The bytes belong to the BIO.
static inline long collimator_bio_memory(BIO *bio, char **bytes) {
    return BIO_get_mem_data(bio, bytes);
}
