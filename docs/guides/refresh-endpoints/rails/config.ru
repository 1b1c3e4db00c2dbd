# A site around the endpoint, for try.mjs: its login lets everybody in.
require "rails"
require "action_controller/railtie"

class TrialSite < Rails::Application
  config.load_defaults Rails::VERSION::STRING.to_f
  config.eager_load = false
  config.secret_key_base = "for the trial only" * 4
  config.logger = Logger.new($stderr)
  config.action_controller.allow_forgery_protection = true
end

TrialSite.initialize!

User = Struct.new(:id, :name, :email)

class ApplicationController < ActionController::Base
  def current_user
    User.new(session[:user_id], "Mia Lindqvist", "mia@shop.example") if session[:user_id]
  end
end

class TrialController < ApplicationController
  skip_forgery_protection only: :login

  def login
    session[:user_id] = 1042
    head :no_content
  end

  # Shows that the endpoint is the exception, and not that nothing is guarded.
  def form
    head :no_content
  end
end

require_relative "weft_tokens_controller"

TrialSite.routes.draw do
  post "/weft/token", to: "weft_tokens#create"
  post "/try/login", to: "trial#login"
  post "/try/form", to: "trial#form"
end

run TrialSite
