#include "app/tls_certificate.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <utility>

#include "app/ascii.h"
#include "app/digests.h"

namespace restitch {
namespace {

template <auto Free>
struct CertificateFree {
  template <class Kind>
  void operator()(Kind* object) const {
    Free(object);
  }
};
using CertificatePtr = std::unique_ptr<X509, CertificateFree<X509_free>>;
using CertificateBio = std::unique_ptr<BIO, CertificateFree<BIO_free_all>>;
using CertificateNumber = std::unique_ptr<BIGNUM, CertificateFree<BN_free>>;
using CertificateNames = std::unique_ptr<GENERAL_NAMES, CertificateFree<GENERAL_NAMES_free>>;
using CertificateConstraints = std::unique_ptr<BASIC_CONSTRAINTS, CertificateFree<BASIC_CONSTRAINTS_free>>;

std::string certificate_text(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(string));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), size};
}

std::string name_backwards(const X509_NAME* name) {
  const CertificateBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || name == nullptr || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::string object_text(const ASN1_OBJECT* object) {
  std::array<char, 128> text{};
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  return size > 0 ? std::string(text.data()) : std::string();
}

std::string attribute_name(const ASN1_OBJECT* object) {
  const int nid = OBJ_obj2nid(object);
  if (nid == NID_pkcs9_emailAddress) return "Email";
  return nid == NID_undef ? object_text(object) : std::string(OBJ_nid2sn(nid));
}

std::string name_in_order(const X509_NAME* name) {
  std::string text;
  int set = -1;
  for (int i = 0; name != nullptr && i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    if (i > 0) text += X509_NAME_ENTRY_set(entry) == set ? " + " : ", ";
    set = X509_NAME_ENTRY_set(entry);
    text += attribute_name(X509_NAME_ENTRY_get_object(entry)) + "=";
    unsigned char* value = nullptr;
    const int size = ASN1_STRING_to_UTF8(&value, X509_NAME_ENTRY_get_data(entry));
    if (size > 0) text.append(reinterpret_cast<const char*>(value), static_cast<std::size_t>(size));
    if (size >= 0) OPENSSL_free(value);
  }
  return text;
}

// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto of_era = static_cast<unsigned>(year - era * 400);
  const unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

// At least so many.
std::string digits_of(std::int64_t number, std::size_t count) {
  std::string text = std::to_string(number);
  return text.size() < count ? std::string(count - text.size(), '0') + text : text;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return days_of(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
                 static_cast<unsigned>(parts.tm_mday)) *
             86'400 +
         parts.tm_hour * 3'600 + parts.tm_min * 60 + parts.tm_sec;
}

std::string serial_of(const X509* certificate) {
  const CertificateNumber number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  if (number == nullptr) return {};
  char* text = BN_bn2hex(number.get());
  std::string serial = text != nullptr ? text : "";
  OPENSSL_free(text);
  return serial;
}

void take_key(CertificateRecord& record, X509* certificate) {
  ASN1_OBJECT* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate)) == 1) {
    const int nid = OBJ_obj2nid(algorithm);
    record.key_algorithm = nid == NID_undef ? object_text(algorithm) : OBJ_nid2ln(nid);
  }
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (key == nullptr) return;
  record.key_bits = static_cast<unsigned>(EVP_PKEY_get_bits(key));
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
      record.key_type = "rsa";
      BIGNUM* exponent = nullptr;
      if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1) {
        char* text = BN_bn2dec(exponent);
        if (text != nullptr) record.exponent = text;
        OPENSSL_free(text);
      }
      BN_free(exponent);
      break;
    }
    case EVP_PKEY_DSA:
      record.key_type = "dsa";
      break;
    case EVP_PKEY_EC: {
      record.key_type = "ecdsa";
      std::array<char, 64> group{};
      if (EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1) record.curve = group.data();
      break;
    }
    default:
      record.key_type = "unknown";
  }
}

std::string address_text(const ASN1_OCTET_STRING* string) {
  const int size = ASN1_STRING_length(string);
  const std::uint8_t* bytes = ASN1_STRING_get0_data(string);
  if (size != 4 && size != 16) return {};
  return to_string(IpAddress::from_bytes(Bytes(bytes, static_cast<std::size_t>(size))));
}

void take_names(CertificateRecord& record, const X509* certificate) {
  const CertificateNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
        record.dns_names.push_back(certificate_text(name->d.dNSName));
        break;
      case GEN_URI:
        record.uris.push_back(certificate_text(name->d.uniformResourceIdentifier));
        break;
      case GEN_EMAIL:
        record.emails.push_back(certificate_text(name->d.rfc822Name));
        break;
      case GEN_IPADD:
        if (std::string text = address_text(name->d.iPAddress); !text.empty()) {
          record.addresses.push_back(std::move(text));
        }
        break;
      default:
        break;
    }
  }
}

void take_constraints(CertificateRecord& record, const X509* certificate) {
  const CertificateConstraints found(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(certificate, NID_basic_constraints, nullptr, nullptr)));
  if (found == nullptr) return;
  record.has_constraints = true;
  record.is_authority = found->ca != 0;
  if (found->pathlen != nullptr) record.path_max = ASN1_INTEGER_get(found->pathlen);
}

}  // namespace

std::optional<CertificateRecord> certificate_of(Bytes der) {
  const std::uint8_t* at = der.data();
  const CertificatePtr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  CertificateRecord record;
  record.version = static_cast<unsigned>(X509_get_version(certificate.get()) + 1);
  record.serial = serial_of(certificate.get());
  record.subject = name_backwards(X509_get_subject_name(certificate.get()));
  record.issuer = name_backwards(X509_get_issuer_name(certificate.get()));
  record.subject_in_order = name_in_order(X509_get_subject_name(certificate.get()));
  record.issuer_in_order = name_in_order(X509_get_issuer_name(certificate.get()));
  record.not_before = seconds_of(X509_get0_notBefore(certificate.get()));
  record.not_after = seconds_of(X509_get0_notAfter(certificate.get()));
  const int signature = X509_get_signature_nid(certificate.get());
  record.signature_algorithm = signature == NID_undef ? "undefined" : OBJ_nid2ln(signature);
  take_key(record, certificate.get());
  take_names(record, certificate.get());
  take_constraints(record, certificate.get());
  record.sha256 = sha256_hex(der);
  record.sha1 = sha1_hex(der);
  record.md5 = md5_hex(ascii::text_of(der));
  record.size = der.size();
  ERR_clear_error();
  return record;
}

std::string certificate_date(std::int64_t seconds) {
  const std::int64_t days = seconds / 86'400 - (seconds % 86'400 < 0 ? 1 : 0);
  const std::int64_t of_day = seconds - days * 86'400;
  std::int64_t year = 1970 + (days < 0 ? days / 365 - 1 : days / 366);
  while (days_of(year + 1, 1, 1) <= days) ++year;
  unsigned month = 1;
  while (month < 12 && days_of(year, month + 1, 1) <= days) ++month;
  const std::int64_t day = days - days_of(year, month, 1) + 1;
  return digits_of(year, 4) + "-" + digits_of(month, 2) + "-" + digits_of(day, 2) + "T" +
         digits_of(of_day / 3'600, 2) + ":" + digits_of(of_day / 60 % 60, 2) + ":" +
         digits_of(of_day % 60, 2);
}

}  // namespace restitch
