#include "net/mail.h"

#include <gtest/gtest.h>

#include "net/tests/smtp_server.h"
#include "net/tests/test_certificate.h"

// Mail to a real server over real connections.

namespace bl::net {
namespace {

using testing::SmtpOptions;
using testing::SmtpServer;
using testing::TestCertificate;

Mail mail() {
  return {.from = "ci@example.com",
          .to = {"ada@example.com", "bob@example.com"},
          .subject = "it got slower",
          .text = "first line\n.second line\n",
          .message_id = "0123@example.com",
          .date = Timestamp{1'722'513'600'000'000}};
}

MailServer server_at(std::uint16_t port, MailServer::Security security) {
  MailServer server;
  server.host = "127.0.0.1";
  server.port = std::to_string(port);
  server.security = security;
  server.timeout = std::chrono::milliseconds(5'000);
  return server;
}

TEST(Mail, arrives_for_everybody_with_its_header) {
  SmtpServer smtp;
  ASSERT_TRUE(send_mail(server_at(smtp.port(), MailServer::Security::none), mail()).ok());
  ASSERT_EQ(smtp.mails().size(), 1u);
  const auto taken = smtp.mails().front();
  EXPECT_EQ(taken.from, "ci@example.com");
  EXPECT_EQ(taken.to, (std::vector<std::string>{"ada@example.com", "bob@example.com"}));
  EXPECT_EQ(taken.data,
            "From: <ci@example.com>\r\nTo: <ada@example.com>,\r\n <bob@example.com>\r\n"
            "Subject: it got slower\r\nDate: Thu, 01 Aug 2024 12:00:00 +0000\r\n"
            "Message-ID: <0123@example.com>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n"
            "Zmlyc3QgbGluZQouc2Vjb25kIGxpbmUK\r\n");
}

TEST(Mail, goes_encrypted_and_with_a_login) {
  TestCertificate certificate;
  for (const bool from_the_start : {false, true}) {
    SmtpServer smtp(
        {.tls = from_the_start ? SmtpOptions::Tls::from_the_start : SmtpOptions::Tls::starttls,
         .certificate = certificate.options,
         .user = "ci",
         .password = "secret"});
    MailServer server = server_at(
        smtp.port(), from_the_start ? MailServer::Security::tls : MailServer::Security::starttls);
    server.trust.ca_file = certificate.options.certificate_file;
    server.user = "ci";
    server.password = "secret";
    const auto sent = send_mail(server, mail());
    ASSERT_TRUE(sent.ok()) << sent.error().message;
    ASSERT_EQ(smtp.mails().size(), 1u);
    EXPECT_TRUE(smtp.mails().front().encrypted);
    EXPECT_TRUE(smtp.mails().front().logged_in);
    server.password = "wrong";
    EXPECT_EQ(send_mail(server, mail()).error().code, Code::forbidden);
  }
}

TEST(Mail, says_nothing_where_encryption_is_not_offered) {
  SmtpServer smtp({.user = "ci", .password = "secret"});
  MailServer server = server_at(smtp.port(), MailServer::Security::starttls);
  server.user = "ci";
  server.password = "secret";
  EXPECT_EQ(send_mail(server, mail()).error().code, Code::unavailable);
  for (const std::string& command : smtp.commands()) {
    EXPECT_FALSE(command.starts_with("AUTH") || command.starts_with("MAIL")) << command;
  }
  server.security = MailServer::Security::none;
  EXPECT_EQ(send_mail(server, mail()).error().code, Code::invalid);
}

TEST(Mail, goes_to_nobody_whose_certificate_is_not_trusted) {
  TestCertificate certificate, other;
  SmtpServer smtp({.tls = SmtpOptions::Tls::starttls, .certificate = certificate.options});
  MailServer server = server_at(smtp.port(), MailServer::Security::starttls);
  server.trust.ca_file = other.options.certificate_file;
  EXPECT_EQ(send_mail(server, mail()).error().code, Code::forbidden);
  EXPECT_TRUE(smtp.mails().empty());
}

TEST(Mail, that_the_server_refuses_is_not_sent) {
  SmtpServer smtp;
  smtp.refuse_with("451 later");
  const MailServer server = server_at(smtp.port(), MailServer::Security::none);
  EXPECT_EQ(send_mail(server, mail()).error().code, Code::unavailable);
  smtp.refuse_with("");
  EXPECT_TRUE(send_mail(server, mail()).ok());
  EXPECT_EQ(smtp.mails().size(), 1u);
}

TEST(Mail, has_no_header_that_somebody_slipped_in) {
  Mail evil = mail();
  evil.subject = "hello\r\nBcc: eve@example.com";
  EXPECT_EQ(encode_mail(evil).error().code, Code::invalid);
  for (const char* address : {"eve@example.com\r\nRCPT TO:<x@y>", "a b@c", "<a@b>", "a@b,c@d", "a@",
                              "@b", "a", "a@b@c", "a@b\n", "\xc3\xa4@b"}) {
    evil = mail();
    evil.to = {address};
    EXPECT_EQ(encode_mail(evil).error().code, Code::invalid) << address;
    evil = mail();
    evil.from = address;
    EXPECT_EQ(encode_mail(evil).error().code, Code::invalid) << address;
  }
}

TEST(Mail, puts_any_text_into_its_subject) {
  Mail any = mail();
  any.subject = "größer ";
  for (int i = 0; i < 40; ++i) any.subject += "ü";
  const std::string text = encode_mail(any).value();
  const std::size_t begin = text.find("Subject: ");
  const std::string subject = text.substr(begin, text.find("\r\nDate", begin) - begin);
  EXPECT_TRUE(subject.starts_with("Subject: =?UTF-8?B?Z3LDtsOfZXIg")) << subject;
  for (std::size_t at = 0; at < subject.size();) {
    const std::size_t end = std::min(subject.find("\r\n", at), subject.size());
    EXPECT_LE(end - at, 85u);
    at = end + 2;
  }
  any.subject = "=?UTF-8?B?forged?=";
  EXPECT_EQ(encode_mail(any)->find("Subject: =?UTF-8?B?forged"), std::string::npos);
}

TEST(MailServer, is_named_by_a_url_or_by_host_and_port) {
  EXPECT_EQ(parse_mail_server("smtp://mail.example.com")->port, "587");
  EXPECT_EQ(parse_mail_server("smtps://mail.example.com")->port, "465");
  EXPECT_EQ(parse_mail_server("mail.example.com:25")->port, "25");
  EXPECT_EQ(parse_mail_server("mail.example.com:465")->security, MailServer::Security::tls);
  EXPECT_EQ(parse_mail_server("mail.example.com:25")->security, MailServer::Security::starttls);
  for (const char* text : {"", "http://a", "smtp://", "smtp://u:p@host", "smtp://host/x", "a b"}) {
    EXPECT_EQ(parse_mail_server(text).error().code, Code::invalid) << text;
  }
}

}  // namespace
}  // namespace bl::net
