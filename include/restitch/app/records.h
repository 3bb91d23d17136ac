// What analyzers find, other than the bytes of objects: a record for each request, handshake, mail, … Values.
// Texts are as the packets have them, and not cleaned.
#pragma once

#include <variant>

#include "restitch/app/anomaly_record.h"
#include "restitch/app/certificate_record.h"
#include "restitch/app/ftp_record.h"
#include "restitch/app/http2_settings_record.h"
#include "restitch/app/http_record.h"
#include "restitch/app/smtp_record.h"
#include "restitch/app/ssh_record.h"
#include "restitch/app/tls_record.h"
#include "restitch/app/websocket_record.h"

namespace RESTITCH_API restitch {

using AppRecord = std::variant<AnomalyRecord, HttpRecord, WebSocketRecord, TlsRecord, CertificateRecord,
                               SmtpRecord, FtpRecord, SshRecord, Http2SettingsRecord>;

}  // namespace restitch
