-- title: What corrections changed in a vintage, by commune
-- definition: ground whose cover, use or final status differs between the published and the revised
--   series of one vintage. A revision is no flux: it says that the vintage was wrong, not that the
--   ground changed. revised stock − published stock = the sum of net_artificial, exactly. A status may
--   move beside the ground that was amended, by the decree's thresholds.
-- source: the corrections given in [[corrections]] (manifest.json lists them)
-- unit: m² (computed in half square centimetres)
-- columns: commune, name, departement, year, cs_published, us_published, cs_revised, us_revised,
--   artificial_published, artificial_revised, area, net_artificial
SELECT
  commune, name, departement, year,
  cs_published, us_published, cs_revised, us_revised,
  final_published AS artificial_published, final_revised AS artificial_revised,
  SUM(area_half_cm2) AS area_half_cm2,
  SUM(CASE WHEN final_revised = true THEN area_half_cm2 ELSE 0 END)
    - SUM(CASE WHEN final_published = true THEN area_half_cm2 ELSE 0 END)
    AS net_artificial_half_cm2
FROM revised
GROUP BY
  commune, name, departement, year, cs_published, us_published, cs_revised, us_revised,
  final_published, final_revised
ORDER BY
  departement, commune, year, cs_published, us_published, cs_revised, us_revised,
  artificial_published, artificial_revised
