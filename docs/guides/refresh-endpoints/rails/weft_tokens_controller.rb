# POST /weft/token: hands the widget a token for the visitor who is logged in.
# In config/routes.rb: post "/weft/token", to: "weft_tokens#create"
require "net/http"

class WeftTokensController < ApplicationController
  # The widget has no CSRF token. The check of Sec-Fetch-Site does that work.
  skip_forgery_protection

  def create
    response.headers["Cache-Control"] = "no-store"
    # The browser writes this header. A page of another site can't change it.
    return refuse(:forbidden, "cross_site") unless request.headers["Sec-Fetch-Site"] == "same-origin"

    # Your own login. With Devise: current_user, without authenticate_user! before this action.
    user = current_user
    return refuse(:unauthorized, "not_logged_in") unless user

    token = mint(user)
    return refuse(:bad_gateway, "chat_unavailable") unless token

    render json: { token: token }
  end

  private

  def mint(user)
    url = URI.join(ENV.fetch("WEFT_URL"), "/widget-token")
    options = { use_ssl: url.scheme == "https", open_timeout: 5, read_timeout: 5 }
    headers = { "Authorization" => "Bearer #{ENV.fetch('WEFT_SECRET_KEY')}", "Content-Type" => "application/json" }
    body = { user: { id: user.id.to_s, name: user.name, email: user.email } }
    answer = Net::HTTP.start(url.host, url.port, options) { |weft| weft.post(url.path, body.to_json, headers) }
    raise "no token" unless answer.is_a?(Net::HTTPSuccess)

    token = JSON.parse(answer.body)["token"]
    token if token.is_a?(String)
  rescue StandardError => e
    # Not the message: it may hold what was sent.
    logger.warn("weft: no token: #{answer&.code || e.class}")
    nil
  end

  def refuse(status, error)
    render json: { error: error }, status: status
  end
end
