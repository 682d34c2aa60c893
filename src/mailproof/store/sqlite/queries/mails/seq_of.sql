-- Where a mail stands in the order of arrival; of another app: nowhere.
SELECT seq FROM emails WHERE id = :id AND (:app IS NULL OR app = :app)
