#include "CEmbeddedFiles.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char admin_css[] = {
#embed "App/admin.css"
};
static const unsigned char api_js[] = {
#embed "App/api.js"
};
static const unsigned char app_css[] = {
#embed "App/app.css"
};
static const unsigned char app_js[] = {
#embed "App/app.js"
};
static const unsigned char audit_js[] = {
#embed "App/audit.js"
};
static const unsigned char deliveries_js[] = {
#embed "App/deliveries.js"
};
static const unsigned char dom_js[] = {
#embed "App/dom.js"
};
static const unsigned char explain_js[] = {
#embed "App/explain.js"
};
static const unsigned char files_js[] = {
#embed "App/files.js"
};
static const unsigned char format_js[] = {
#embed "App/format.js"
};
static const unsigned char groups_js[] = {
#embed "App/groups.js"
};
static const unsigned char hookwords_js[] = {
#embed "App/hookwords.js"
};
static const unsigned char iam_js[] = {
#embed "App/iam.js"
};
static const unsigned char icon_svg[] = {
#embed "App/icon.svg"
};
static const unsigned char index_html[] = {
#embed "App/index.html"
};
static const unsigned char keys_js[] = {
#embed "App/keys.js"
};
static const unsigned char listing_js[] = {
#embed "App/listing.js"
};
static const unsigned char once_js[] = {
#embed "App/once.js"
};
static const unsigned char people_js[] = {
#embed "App/people.js"
};
static const unsigned char pictures_js[] = {
#embed "App/pictures.js"
};
static const unsigned char places_js[] = {
#embed "App/places.js"
};
static const unsigned char policychange_js[] = {
#embed "App/policychange.js"
};
static const unsigned char replays_js[] = {
#embed "App/replays.js"
};
static const unsigned char ruleform_js[] = {
#embed "App/ruleform.js"
};
static const unsigned char rules_js[] = {
#embed "App/rules.js"
};
static const unsigned char rulesnav_js[] = {
#embed "App/rulesnav.js"
};
static const unsigned char sending_js[] = {
#embed "App/sending.js"
};
static const unsigned char signin_js[] = {
#embed "App/signin.js"
};
static const unsigned char stack_js[] = {
#embed "App/stack.js"
};
static const unsigned char study_js[] = {
#embed "App/study.js"
};
static const unsigned char suggest_js[] = {
#embed "App/suggest.js"
};
static const unsigned char upload_js[] = {
#embed "App/upload.js"
};
static const unsigned char versions_js[] = {
#embed "App/versions.js"
};
static const unsigned char webhook_js[] = {
#embed "App/webhook.js"
};
static const unsigned char webhookform_js[] = {
#embed "App/webhookform.js"
};
static const unsigned char webhooks_js[] = {
#embed "App/webhooks.js"
};
static const unsigned char words_js[] = {
#embed "App/words.js"
};
static const unsigned char worklist_js[] = {
#embed "App/worklist.js"
};

// A file of the folder that is not here is not in the program; a test compares the two.
static const struct collimator_file files[] = {
    { "admin.css", admin_css, sizeof admin_css },
    { "api.js", api_js, sizeof api_js },
    { "app.css", app_css, sizeof app_css },
    { "app.js", app_js, sizeof app_js },
    { "audit.js", audit_js, sizeof audit_js },
    { "deliveries.js", deliveries_js, sizeof deliveries_js },
    { "dom.js", dom_js, sizeof dom_js },
    { "explain.js", explain_js, sizeof explain_js },
    { "files.js", files_js, sizeof files_js },
    { "format.js", format_js, sizeof format_js },
    { "groups.js", groups_js, sizeof groups_js },
    { "hookwords.js", hookwords_js, sizeof hookwords_js },
    { "iam.js", iam_js, sizeof iam_js },
    { "icon.svg", icon_svg, sizeof icon_svg },
    { "index.html", index_html, sizeof index_html },
    { "keys.js", keys_js, sizeof keys_js },
    { "listing.js", listing_js, sizeof listing_js },
    { "once.js", once_js, sizeof once_js },
    { "people.js", people_js, sizeof people_js },
    { "pictures.js", pictures_js, sizeof pictures_js },
    { "places.js", places_js, sizeof places_js },
    { "policychange.js", policychange_js, sizeof policychange_js },
    { "replays.js", replays_js, sizeof replays_js },
    { "ruleform.js", ruleform_js, sizeof ruleform_js },
    { "rules.js", rules_js, sizeof rules_js },
    { "rulesnav.js", rulesnav_js, sizeof rulesnav_js },
    { "sending.js", sending_js, sizeof sending_js },
    { "signin.js", signin_js, sizeof signin_js },
    { "stack.js", stack_js, sizeof stack_js },
    { "study.js", study_js, sizeof study_js },
    { "suggest.js", suggest_js, sizeof suggest_js },
    { "upload.js", upload_js, sizeof upload_js },
    { "versions.js", versions_js, sizeof versions_js },
    { "webhook.js", webhook_js, sizeof webhook_js },
    { "webhookform.js", webhookform_js, sizeof webhookform_js },
    { "webhooks.js", webhooks_js, sizeof webhooks_js },
    { "words.js", words_js, sizeof words_js },
    { "worklist.js", worklist_js, sizeof worklist_js },
};

size_t collimator_page_count(void) { return sizeof files / sizeof files[0]; }

struct collimator_file collimator_page_file(size_t index) { return files[index]; }
