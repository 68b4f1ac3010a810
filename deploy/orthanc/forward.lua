-- Passes every study that has come in on to Collimator, and tries again what could not be passed on.

-- Called once nothing new has come for StableAge seconds, and again when more comes later: Collimator takes an instance
-- that it has already for what it is.
function OnStableStudy(study, tags, metadata)
   retry()
   local body = DumpJson({ Resources = { study }, Synchronous = false }, true)
   RestApiPost('/dicom-web/servers/collimator/stow', body)
end

-- A job that failed stays in Orthanc's list, over restarts too, and is tried again with each study and each beat.
function retry()
   local text = RestApiGet('/jobs?expand', true)
   if text == nil then return end
   for _, job in pairs(ParseJson(text)) do
      if job.Type == 'DicomWebStowClient' and job.State == 'Failure' then
         RestApiPost('/jobs/' .. job.ID .. '/resubmit', '{}', true)
      end
   end
end

-- Every LuaHeartBeatPeriod seconds, by Orthanc 1.11.1 and newer; older ones retry with the next study.
function OnHeartBeat()
   retry()
end
